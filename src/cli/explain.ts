import { type Command, Option } from 'commander';
import { explain, EXPLANATION_LANGUAGES, type ExplanationLanguage } from '../ledger/index.ts';
import { withConfig, withJournal, type ConfigOption } from './config.ts';
import { CommandError, type Terminal } from './terminal.ts';

export function addExplain(program: Command, terminal: Terminal): void {
  withConfig(program.command('explain <call>'))
    .description('tells in plain sentences how a call was judged and why a mail was or was not sent')
    .addOption(new Option('--language <language>', 'of the sentences').choices(EXPLANATION_LANGUAGES).default('en'))
    .action(async (id: string, options: ConfigOption & { readonly language: ExplanationLanguage }) => {
      const call = await withJournal(terminal, options, (journal) => journal.call(id));
      if (call === null) {
        throw new CommandError(
          `There is no call ${id}. \`mcg calls\` lists them: the first column, or the SIP Call-ID.`,
        );
      }
      terminal.stdout.write(`${explain(call, options.language).join('\n')}\n`);
    });
}
