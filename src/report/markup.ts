/** HTML and XML templates. Values put into a template are escaped, unless they are markup themselves. */

/** A piece of HTML or XML. */
export class Markup {
  readonly text: string;

  /** @param text markup, to be used as it is */
  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** The values that a template takes. False and undefined give no text. */
export type Content = Markup | string | number | false | undefined | readonly Content[];

/** A template tag for HTML or XML. Values are escaped, for content and for attributes in double quotes. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.reduce((text, part, i) => text + contentText(values[i - 1]) + part));
}

function contentText(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Markup) return content.text;
  return typeof content === "object" ? content.map(contentText).join("") : escapeText(String(content));
}

/** Escapes text for HTML and XML. Characters that XML forbids become U+FFFD. */
export function escapeText(text: string): string {
  return text
    .replace(/(?![\t\n\r])[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu, "\ufffd")
    .replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
