/**
 * Command lines of Exchange's public documentation for these cmdlets, as they stand there: the examples of the cmdlets' own pages,
 * and of the help pages for tasks, misprints included.
 */

/** They change the file. */
export const DONE: readonly string[] = [
  'Disable-UMMailbox -Identity tonysmith@contoso.com',
  'New-UMDialPlan -Name MyUMDialPlan -NumberOfDigitsInExtension 4',
  'New-UMDialPlan -Name MyUMDialPlan -URIType SipName -NumberOfDigitsInExtension 5',
  'New-UMDialplan -Name MyUMDialPlan -NumberofDigits 4',
  'New-UMDialplan -Name MyUMDialPlan -UriType SIPName -NumberofDigits 5',
  'New-UMMailboxPolicy -Name MyUMMailboxPolicy -UMDialPlan MyUMDialPlan',
  'Remove-UMDialPlan -Identity MyUMDialPlan',
  'Remove-UMMailboxPolicy -Identity MyUMMailboxPolicy',
  'Set-UMDialPlan -Identity MyDialPlan -OutsideLineAccessCode 9',
  'Set-UMDialPlan -Identity MyUMDialPlan -DefaultLanguage de-DE',
  'Set-UMDialPlan -Identity MyUMDialPlan -DefaultLanguage en-AU',
  'Set-UMDialPlan -Identity MyUMDialPlan -DefaultLanguage ja-JP',
  'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowMissedCallNotifications $false',
];

/** They show something, or ask for what holds already. */
export const READ: readonly string[] = [
  'Get-UMCallDataRecord -Mailbox tony@contoso.com',
  'Get-UMCallSummaryReport -GroupBy Day',
  'Get-UMCallSummaryReport -GroupBy Month',
  'Get-UMCallSummaryReport -GroupBy Month -UMDialPlan MyUMDialPlan',
  'Get-UMCallSummaryReport -GroupBy Total',
  'Get-UMDialPlan',
  'Get-UMDialPlan -Identity MyUMDialPlan | Format-List',
  'Get-UMMailbox',
  'Get-UMMailbox -Identity tonysmith@contoso.com',
  'Get-UMMailbox -Identity tonysmith@contoso.com | Format-List',
  'Get-UMMailbox | Format-List',
  'Get-UMMailboxPolicy -Identity MyUMMailboxPolicy',
  'Get-UMMailboxPolicy -UMDialPlan MyUMDialPlan',
  'Get-UMMailboxPolicy | Format-List',
  'Search-AdminAuditLog -Cmdlets New-RoleGroup,New-ManagementRoleAssignment',
  'Search-AdminAuditLog -Cmdlets Set-Mailbox -Parameters ProhibitSendQuota, ProhibitSendReceiveQuota, IssueWarningQuota, MaxSendSize, MaxReceiveSize -StartDate 08/04/2012 -EndDate 10/03/2012 -UserIds davids, chrisd, kima',
  'Search-AdminAuditLog -Cmdlets Set-Mailbox -Parameters ProhibitSendQuota,ProhibitSendReceiveQuota,IssueWarningQuota,MaxSendSize,MaxReceiveSize -StartDate 08/04/2020 -EndDate 10/03/2020 -UserIds davids,chrisd,kima',
  'Search-AdminAuditLog -Cmdlets Set-Mailbox -Parameters UseDatabaseQuotaDefaults,ProhibitSendReceiveQuota,ProhibitSendQuota -StartDate 01/24/2018 -EndDate 02/12/2018 -IsSuccess $true',
  'Search-AdminAuditLog -ExternalAccess $true',
  'Search-AdminAuditLog -ExternalAccess $true -StartDate 09/17/2013 -EndDate 10/02/2013',
  'Search-AdminAuditLog -ExternalAccess $true -StartDate 09/17/2018 -EndDate 10/02/2018',
  'Search-AdminAuditLog -StartDate 05/01/2012 -EndDate 10/03/2012 -ObjectID contoso.com/Users/DavidS',
  'Search-AdminAuditLog -StartDate 05/01/2020 -EndDate 10/03/2020 -ObjectID contoso.com/Users/DavidS',
  'Set-UMMailbox -Identity tonysmith@contoso.com -UMMailboxPolicy MyUMMailboxPolicy',
  'Set-UMMailboxPolicy -identity MyUMMailboxPolicy',
  'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowMissedCallNotifications $true',
];

/** They are taken, and say which of their parameters mean nothing here. */
export const PASSED_OVER: readonly (readonly [line: string, parameters: string])[] = [
  ['Disable-UMMailbox -Identity tonysmith@contoso.com -KeepProperties $True', '-KeepProperties'],
  [
    'Enable-UMMailbox -Identity tonysmith@contoso.com -UMMailboxPolicy MyUMMailboxPolicy -Extensions 51234 -PIN 5643892 -NotifyEmail administrator@contoso.com -PINExpired $true',
    '-PIN -NotifyEmail -PINExpired',
  ],
  [
    'Enable-UMMailbox -Identity tonysmith@contoso.com -UMMailboxPolicy MyUMMailboxPolicy -Extensions 51234 -PIN 5643892 -PINExpired $true',
    '-PIN -PINExpired',
  ],
  [
    'Enable-UMMailbox -Identity tonysmith@contoso.com -UMMailboxPolicy MyUMMailboxPolicy -Extensions 51234 -PIN 5643892 -SIPResourceIdentifier "tonysmith@contoso.com" -PINExpired $true',
    '-PIN -PINExpired',
  ],
  [
    'New-UMDialPlan -Name MyUMDialPlan -URIType E164 -NumberOfDigitsInExtension 5 -VoIPSecurity Unsecured',
    '-VoIPSecurity',
  ],
  [
    'New-UMDialplan -Name MyUMDialPlan -URIType E164 -NumberOfDigitsInExtension 5 -VoIPSecurity Secured',
    '-VoIPSecurity',
  ],
  [
    'Set-UMDialPlan -Identity MyDialPlan -AllowedInCountryOrRegionGroups "local, long distance"',
    '-AllowedInCountryOrRegionGroups',
  ],
  [
    'Set-UMDialPlan -Identity MyDialPlan -WelcomeGreetingEnabled $true -WelcomeGreetingFilename welcome.wav',
    '-WelcomeGreetingEnabled -WelcomeGreetingFilename',
  ],
  [
    'Set-UMDialPlan -Identity MyUMDialPlan -AllowedInCountryOrRegionGroups InCountry/RegionGroup1,InCountry/RegionGroup2 -AllowedInternationalGroups InternationalGroup1,InternationalGroup2',
    '-AllowedInCountryOrRegionGroups -AllowedInternationalGroups',
  ],
  [
    'Set-UMDialPlan -Identity MyUMDialPlan -AllowedInCountryOrRegionGroups MyAllowedDialRuleGroup',
    '-AllowedInCountryOrRegionGroups',
  ],
  ['Set-UMDialPlan -Identity MyUMDialPlan -AudioCodec G711', '-AudioCodec'],
  ['Set-UMDialPlan -Identity MyUMDialPlan -AudioCodec Wma', '-AudioCodec'],
  [
    "Set-UMDialPlan -Identity MyUMDialPlan -ContactScope 'GlobalAddressList' -UMAutoAttendant $null -AllowDialPlanSubscribers $false -AllowExtensions $false",
    '-AllowDialPlanSubscribers -AllowExtensions -UMAutoAttendant -ContactScope',
  ],
  [
    'Set-UMDialPlan -Identity MyUMDialPlan -ContactScope DialPlan -AllowDialPlanSubscribers $false -AllowExtensions $false',
    '-AllowDialPlanSubscribers -AllowExtensions -ContactScope',
  ],
  ['Set-UMDialPlan -Identity MyUMDialPlan -DialByNamePrimary FirstLast', '-DialByNamePrimary'],
  ['Set-UMDialPlan -Identity MyUMDialPlan -DialByNamePrimary LastFirst', '-DialByNamePrimary'],
  ['Set-UMDialPlan -Identity MyUMDialPlan -DialByNamePrimary SMTPAddress', '-DialByNamePrimary'],
  [
    'Set-UMDialPlan -Identity MyUMDialPlan -DialByNamePrimary SMTPAddress -DialByNameSecondary None',
    '-DialByNamePrimary -DialByNameSecondary',
  ],
  ['Set-UMDialPlan -Identity MyUMDialPlan -DialByNameSecondary FirstLast', '-DialByNameSecondary'],
  ['Set-UMDialPlan -Identity MyUMDialPlan -DialByNameSecondary LastFirst', '-DialByNameSecondary'],
  ['Set-UMDialPlan -Identity MyUMDialPlan -DialByNameSecondary SMTPAddress', '-DialByNameSecondary'],
  ['Set-UMDialPlan -Identity MyUMDialPlan -FaxEnabled $false', '-FaxEnabled'],
  [
    'Set-UMDialPlan -Identity MyUMDialPlan -WelcomeGreetingEnabled $true -WelcomeGreetingFilename c:\\UMPrompts\\welcome.wav',
    '-WelcomeGreetingEnabled -WelcomeGreetingFilename',
  ],
  ['Set-UMDialPlan -identity MySecureDialPlan -VoIPSecurity SIPsecured', '-VoIPSecurity'],
  ['Set-UMDialPlan -identity MySecureDialPlan -VoIPSecurity Secured', '-VoIPSecurity'],
  ['Set-UMDialPlan -identity MySecureDialPlan -VoIPSecurity Unsecured', '-VoIPSecurity'],
  ['Set-UMDialPlan -identity MyUMDialPlan -AccessTelephoneNumbers 4255550100', '-AccessTelephoneNumbers'],
  ['Set-UMDialPlan -identity MyUMDialPlan -AllowDialPlanSubscribers $false', '-AllowDialPlanSubscribers'],
  ['Set-UMDialPlan -identity MyUMDialPlan -InputFailuresBeforeDisconnect 5', '-InputFailuresBeforeDisconnect'],
  ['Set-UMDialPlan -identity MyUMDialPlan -LogonFailuresBeforeDisconnect 5', '-LogonFailuresBeforeDisconnect'],
  ['Set-UMDialPlan -identity MyUMDialPlan -MaxCallDuration 10', '-MaxCallDuration'],
  ['Set-UMDialPlan -identity MyUMDialPlan -MaxRecordingDuration 10', '-MaxRecordingDuration'],
  ['Set-UMDialPlan -identity MyUMDialPlan -RecordingIdleTimeout 10', '-RecordingIdleTimeout'],
  ['Set-UMDialPlan -identity MyUMDialPlan -SendVoiceMsgEnabled $false', '-SendVoiceMsgEnabled'],
  ['Set-UMDialPlan -identity MyUMDialPlan -TUIPromptEditingEnabled $true', '-TUIPromptEditingEnabled'],
  [
    'Set-UMDialplan -Identity MyDialPlan -AccessTelephoneNumbers 4255551234 -AudioCodec Wma -CallAnsweringRulesEnabled $false -OutsideLineAccessCode 9 -VoIPSecurity SIPSecured',
    '-CallAnsweringRulesEnabled -AccessTelephoneNumbers -AudioCodec -VoIPSecurity',
  ],
  ['Set-UMDialplan -Identity MyDialPlan -MatchedNameSelectionMethod Department', '-MatchedNameSelectionMethod'],
  ['Set-UMDialplan -Identity MyDialPlan -MatchedNameSelectionMethod Location', '-MatchedNameSelectionMethod'],
  ['Set-UMDialplan -Identity MyDialPlan -MatchedNameSelectionMethod PromptForAlias', '-MatchedNameSelectionMethod'],
  [
    'Set-UMMailbox -Identity tony@contoso.com -AutomaticSpeechRecognitionEnabled $true -CallAnsweringRulesEnabled $false -FaxEnabled $false -SubscriberAccessEnabled $false',
    '-AutomaticSpeechRecognitionEnabled -CallAnsweringRulesEnabled -FaxEnabled -SubscriberAccessEnabled',
  ],
  [
    'Set-UMMailbox -Identity tony@contoso.com -CallAnsweringAudioCodec Wma -CallAnsweringRulesEnabled $false -FaxEnabled $false -UMSMSNotificationOption VoiceMail',
    '-CallAnsweringRulesEnabled -FaxEnabled -CallAnsweringAudioCodec -UMSMSNotificationOption',
  ],
  ['Set-UMMailbox -Identity tony@contoso.com -CallAnsweringRulesEnabled $false', '-CallAnsweringRulesEnabled'],
  ['Set-UMMailbox -Identity tony@contoso.com -FaxEnabled $false', '-FaxEnabled'],
  [
    'Set-UMMailbox -Identity tony@contoso.com -TUIAccessToCalendarEnabled $false -TUIAccessToEmailEnabled $false',
    '-TUIAccessToCalendarEnabled -TUIAccessToEmailEnabled',
  ],
  [
    'Set-UMMailbox -Identity tonysmith@contoso.com -AnonymousCallersCanLeaveMessages $false',
    '-AnonymousCallersCanLeaveMessages',
  ],
  [
    'Set-UMMailbox -Identity tonysmith@contoso.com -AutomaticSpeechRecognitionEnabled $false',
    '-AutomaticSpeechRecognitionEnabled',
  ],
  ['Set-UMMailbox -Identity tonysmith@contoso.com -FaxEnabled $true', '-FaxEnabled'],
  ['Set-UMMailbox -id tony@contoso.com -TUIAccessToCalendarEnabled $false', '-TUIAccessToCalendarEnabled'],
  ['Set-UMMailbox -id tony@contoso.com -TUIAccessToEmailEnabled $false', '-TUIAccessToEmailEnabled'],
  ['Set-UMMailbox -id tonys@contoso.com -PinlessAccessToVoiceMailEnabled $true', '-PinlessAccessToVoiceMailEnabled'],
  ['Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -AllowCommonPatterns $false', '-AllowCommonPatterns'],
  [
    'Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -AllowDialPlanSubscribers $true -AllowedInCountryOrRegionGroups InCountry/RegionGroup1,InCountry/RegionGroup2 -AllowedInternationalGroups InternationalGroup1,InternationalGroup2 -AllowExtensions $true',
    '-AllowDialPlanSubscribers -AllowExtensions -AllowedInCountryOrRegionGroups -AllowedInternationalGroups',
  ],
  [
    'Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -AllowedInCountryOrRegionGroups InCountry/RegionGroup1,InCountry/RegionGroup2 -AllowedInternationalGroups InternationalGroup1,InternationalGroup2',
    '-AllowedInCountryOrRegionGroups -AllowedInternationalGroups',
  ],
  [
    'Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -AllowedInCountryOrRegionGroups MyAllowedDialRuleGroup',
    '-AllowedInCountryOrRegionGroups',
  ],
  ['Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -LogonFailuresBeforePINReset 3', '-LogonFailuresBeforePINReset'],
  [
    'Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -LogonFailuresBeforePINReset 3 -MaxLogonAttempts 5 -MinPINLength 9',
    '-LogonFailuresBeforePINReset -MaxLogonAttempts -MinPINLength',
  ],
  [
    'Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -LogonFailuresBeforePINReset 3 -MinPINLength 8',
    '-LogonFailuresBeforePINReset -MinPINLength',
  ],
  [
    'Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -LogonFailuresBeforePINReset 8 -MaxLogonAttempts 12 -MinPINLength 8 -PINHistoryCount 10 -PINLifetime 60 -ResetPINText "The PIN used to allow you access to your mailbox using Outlook Voice Access has been reset."',
    '-ResetPINText -LogonFailuresBeforePINReset -MaxLogonAttempts -MinPINLength -PINHistoryCount -PINLifetime',
  ],
  [
    'Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -LogonFailuresBeforePINReset 8 -MaxLogonAttempts 12 -MinPINLength 8 -PINHistoryCount 10 -PINLifetime 60 -ResetPINText "The PIN used to allow you access to your mailbox using Outlook Voice Access is reset."',
    '-ResetPINText -LogonFailuresBeforePINReset -MaxLogonAttempts -MinPINLength -PINHistoryCount -PINLifetime',
  ],
  ['Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -MaxLogonAttempts 10', '-MaxLogonAttempts'],
  ['Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -MinPINLength 8', '-MinPINLength'],
  ['Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -PINHistoryCount 10', '-PINHistoryCount'],
  ['Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -PINLifetime 30', '-PINLifetime'],
  [
    'Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -UMEnabledText "You have been enabled for Unified Messaging." -VoiceMailText "You have received a voice mail message from Microsoft Exchange Unified Messaging."',
    '-UMEnabledText -VoiceMailText',
  ],
  ['Set-UMMailboxPolicy -id MyUMMailboxPolicy -AllowPinlessVoiceMailAccess $true', '-AllowPinlessVoiceMailAccess'],
  ['Set-UMMailboxPolicy -id MyUMMailboxPolicy -AllowTUIAccessToCalendar $false', '-AllowTUIAccessToCalendar'],
  ['Set-UMMailboxPolicy -id MyUMMailboxPolicy -AllowTUIAccessToDirectory $false', '-AllowTUIAccessToDirectory'],
  [
    'Set-UMMailboxPolicy -id MyUMMailboxPolicy -AllowTUIAccessToPersonalContacts $false',
    '-AllowTUIAccessToPersonalContacts',
  ],
  ['Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowCallAnsweringRules $false', '-AllowCallAnsweringRules'],
  ['Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowFax $false', '-AllowFax'],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowMessageWaitingIndicator $false',
    '-AllowMessageWaitingIndicator',
  ],
  ['Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowPlayOnPhone $false', '-AllowPlayOnPhone'],
  ['Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowSubscriberAccess $false', '-AllowSubscriberAccess'],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -FaxMessageText "To open this fax message, double-click the file attachment."',
    '-FaxMessageText',
  ],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -LogonFailuresBeforePINReset 8 -MaxLogonAttempts 12 -MinPINLength 8 -PINHistoryCount 10 -PINLifetime 60 -ResetPINText "The PIN that is used to allow you access to your mailbox using Outlook Voice Access has been reset."',
    '-ResetPINText -LogonFailuresBeforePINReset -MaxLogonAttempts -MinPINLength -PINHistoryCount -PINLifetime',
  ],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -ProtectedVoiceMailText "Your email client software does not support Protected Voice Mail. Please contact the Help Desk."',
    '-ProtectedVoiceMailText',
  ],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -RequireProtectedPlayOnPhone $false',
    '-RequireProtectedPlayOnPhone',
  ],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -ResetPINText "Do not share your PIN with other users. Doing so may result in disciplinary action."',
    '-ResetPINText',
  ],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -UMEnabledText "You have been enabled for Unified Messaging." -VoiceMailText "You have received a voice message from Microsoft Exchange 2013 Unified Messaging."',
    '-UMEnabledText -VoiceMailText',
  ],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -UMEnabledText "You\'ve been enabled for Unified Messaging voice mail. To access your Exchange mailbox, call your internal telephone extension number. From outside your office, call 425-555-1234."',
    '-UMEnabledText',
  ],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -VoiceMailPreviewPartnerAddress exumvmp@fabrikam.com',
    '-VoiceMailPreviewPartnerAddress',
  ],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -VoiceMailPreviewPartnerMaxMessageDuration 300',
    '-VoiceMailPreviewPartnerMaxMessageDuration',
  ],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -VoiceMailPreviewPartnerMaxMessageDuration 300 -VoiceMailPreviewPartnerMaxDeliveryDelay 600',
    '-VoiceMailPreviewPartnerMaxDeliveryDelay -VoiceMailPreviewPartnerMaxMessageDuration',
  ],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -VoiceMailText "Do not forward voice messages to users outside this organization."',
    '-VoiceMailText',
  ],
  [
    'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowFax $true -FaxServerURI "sip:faxserver.abc.com:5060;transport=tcp"',
    '-AllowFax -FaxServerURI',
  ],
];

/** They are refused, and say why. */
export const REFUSED: readonly (readonly [line: string, says: string])[] = [
  ['$LogEntries = Search-AdminAuditLog -Cmdlets Write-AdminAuditLog', 'There are no variables here'],
  ['$LogEntries | ForEach { $_.CmdletParameters }', 'There is no variable $LogEntries here.'],
  ['$csv=import-csv "C:\\MyInCountryGroups.csv"', 'There are no variables here'],
  ['RemoveUMDialplan -identity MyUMDialPlan', 'Did you mean Remove-UMDialPlan?'],
  [
    'Search-AdminAuditLog -Cmdlets Update-RoleGroupMember -StartDate (Get-Date "08/04/2019").ToUniversalTime() -EndDate (Get-Date "10/03/2019").ToUniversalTime()',
    'there are no expressions in parentheses',
  ],
  [
    'Search-AdminAuditLog [-Cmdlets <Cmdlet1,Cmdlet2,...CmdletN>] [-Parameters <Parameter1,Parameter2,...ParameterN>] [-StartDate <UTCDateTime>] [-EndDate <UTCDateTime>] [-UserIds <"User1","User2",..."UserN">] [-ObjectIds <"Object1","Object2",..."ObjectN">] [-IsSuccess <$true | $false>]',
    'is not understood here',
  ],
  ['Set UMMailbox -Identity tony@contoso.com -AllowUMCallsFromNonUsers None', 'Did you mean Set-UMMailbox?'],
  ['Set UMMailbox -Identity tony@contoso.com -AllowUMCallsFromNonUsers SearchEnabled', 'Did you mean Set-UMMailbox?'],
  [
    'Set-UMDialPlan "MyUMDialPlan" -ConfiguredInCountryOrRegionGroups $(IMPORT-CSV c:\\dialrules\\InCountryRegion.csv)',
    'there are no expressions in parentheses',
  ],
  [
    'Set-UMDialPlan -Identity MyDialPlan -AllowedInCountryGroups "local, long distance"',
    'It is called -AllowedInCountryOrRegionGroups.',
  ],
  ['Set-UMDialPlan -Identity MyDialPlan -ConfiguredInCountryGroups $csv', 'There is no variable $csv here.'],
  ['Set-UMDialPlan -Identity MyDialPlan -ConfiguredInCountryOrRegionGroups $csv', 'There is no variable $csv here.'],
  [
    'Set-UMDialPlan -Identity MyUMDialPlan -InfoAnnouncementEnabled $true-InfoAnnouncementFilename c:\\UMGreetings\\informational.wav',
    'Specify one of the following enumerator names',
  ],
  [
    'Set-UMDialPlan -Identity MyUMDialPlan -OutsideLineAccessCode 9 -InternationalAccessCode 011 -NationalNumberPrefix 1 CountryorRegionCode 1 -InCountryOrRegionNumberFormat 1425xxxxxxx -InternationalNumberFormat 441425xxxxxxx',
    'Did you mean -CountryOrRegionCode?',
  ],
  [
    'Set-UMMailbox -Identity tony@contoso.com -UMEnabled $true -UMMailboxPolicy AdminPolicy -Extension 523456 -FAXEnabled $true -TUIAccessToCal $false -TUIAccessToEmail True',
    'Enable-UMMailbox and Disable-UMMailbox do that.',
  ],
  [
    'Set-UMMailbox -Identity tony@contoso.com -UMEnabled $true -UMMailboxPolicy AdminPolicy -MissedCallNotificationEnabled $false -PlayonPhoneEnabled $false -SMSMessageWaitingNotificationEnabled $true',
    'Enable-UMMailbox and Disable-UMMailbox do that.',
  ],
  [
    'Set-UMMailbox -Identity tony@contoso.com TUIAccessToCal True -TUIAccessToEmail True -OperatorNumber 111111 -DisableMissedCallNotification False -AnonCallBlock True',
    'Did you mean $true?',
  ],
  [
    'Set-UMMailbox -identity MyUMMailboxPolicy -AllowSubscriberAccess $true -AllowTUIAccessToCalendar $false -AllowTUIAccessToDirectory $false -AllowTUIAccessToEmail -$true -AllowTUIAccessToPersonalContacts $true',
    'Set-UMMailbox has -Identity',
  ],
  [
    'Set-UMMailboxPolicy "UMDialPlan Default Policy" -FaxServerURI sip:faxserver1.contoso.com:5060;transport=tcp',
    'A text that holds ";" goes in quotes.',
  ],
  [
    'Set-UMMailboxPolicy "UMDialPlan Default Policy" -FaxServerURI sip:faxserver2.contoso.com:5061;transport=tls',
    'A text that holds ";" goes in quotes.',
  ],
  ['Set-UMMailboxPolicy -id MyUMMailboxPolicy -AllowTUIAccessToEmail -$false', 'Did you mean $false?'],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy - AllowVoiceMailPreview $false',
    'Did you mean -AllowVoiceMailPreview?',
  ],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy - VoiceMailPreviewPartnerMaxDeliveryDelay 600',
    'Did you mean -VoiceMailPreviewPartnerMaxDeliveryDelay?',
  ],
  [
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -ProtectUnauthenticatedVoiceMail -All',
    'Did you mean -ProtectUnauthenticatedVoiceMail All?',
  ],
  ['Set-UMMailboxPolicy -identity MyUMMailboxPolicy MaxGreetingDuration 3', 'Did you mean -MaxGreetingDuration?'],
  ['Set-UMMailboxPolicy -identity MyUMMailboxPolicy ProtectAuthenticatedVoiceMail -All', 'is ambiguous'],
  ['Set-UMMailbox- -id MyUMMailbox -UMSMSNotificationOption VoiceMailAndMissedCalls', 'Did you mean Set-UMMailbox?'],
  ['Set-UMMailboxPolicy -id MyUMMailboxPolicy - AllowSMSNotification $true', 'Did you mean -AllowSMSNotification?'],
];
