export type { Behaviour, CallBehaviour } from './behaviour.ts';
export { placeCall, startCaller, type Caller } from './caller.ts';
export type { EndpointOptions } from './endpoint.ts';
export type { PhoneCall, PhoneCallEnd, PhoneEvent } from './incoming-call.ts';
export type { CallEnd, CallEvent, CallOptions, CallReport, ReceivedResponse } from './outgoing-call.ts';
export { serveSoftphone, type SoftphoneOptions, type SoftphoneServer } from './softphone/server.ts';
export type { LabAccount, LabFacts, LabMail } from './softphone/types.ts';
export { startVoicemail, type LabVoicemail, type Visit, type VoicemailOptions } from './voicemail.ts';
export { startPhone, type Phone, type PhoneOptions } from './phone.ts';
