/** What stands in the place of a message's placeholders; a message is worded first. */
export interface MessageValues {
  readonly [name: string]: string | number | Date | Message;
}

/** A sentence that has not been worded yet: which one of the catalog, and what is put into it. */
export interface Message {
  /** Of the catalog, e.g. `email-code.refused.wrong-code`. */
  readonly key: string;
  readonly values: MessageValues;
  /** The sentence in English, for logs; people read it in the language of the door. */
  toString(): string;
}

/** What a person reads: as it stands, or a message of the catalog. */
export type Sentence = string | Message;

/** Sentences by their names, as ICU messages; nested where that reads better. */
export interface Words {
  readonly [name: string]: string | Words | undefined;
}
