/** The values of a message's placeholders; a message among them is put into words first. */
export interface MessageValues {
  readonly [name: string]: string | number | Date | Message;
}

/** A sentence that is not in words yet: its key in the catalog, and its values. */
export interface Message {
  /** Its key in the catalog, e.g. `email-code.refused.wrong-code`. */
  readonly key: string;
  readonly values: MessageValues;
  /** The sentence in English, for logs; people read it in the language of the door. */
  toString(): string;
}

/** A sentence for people: a text as it is, or a message of the catalog. */
export type Sentence = string | Message;

/** Sentences by name, as ICU messages; they may be nested. */
export interface Words {
  readonly [name: string]: string | Words | undefined;
}
