import type { Sentence, SettingSection } from '../contracts.js';

type Asked = 'remove' | 'replace';
type AskingKey = `asking.${Asked}-${'title' | 'heading' | 'text' | 'left'}`;

/** The sentences of the confirmation page, from the words of a method. */
export function askingWords(words: (key: AskingKey) => Sentence): SettingSection['asking'] {
  const about = (asked: Asked) => ({
    title: words(`asking.${asked}-title`),
    heading: words(`asking.${asked}-heading`),
    text: words(`asking.${asked}-text`),
    left: words(`asking.${asked}-left`),
  });
  return { remove: about('remove'), replace: about('replace') };
}
