/** Markup that cannot be broken out of: what is put into it is text, unless it is markup itself. */

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

/** What may stand in markup: nothing for false and undefined. */
export type Content = Markup | string | number | false | undefined | readonly Content[];

/** A template of HTML or XML whose values are escaped; for content and for attributes in double quotes. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.reduce((text, part, i) => text + contentText(values[i - 1]) + part));
}

function contentText(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Markup) return content.text;
  return typeof content === "object" ? content.map(contentText).join("") : escapeText(String(content));
}

/** Text as it stands in HTML and XML; characters that XML forbids become U+FFFD. */
export function escapeText(text: string): string {
  return text
    .replace(/(?![\t\n\r])[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu, "\ufffd")
    .replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
