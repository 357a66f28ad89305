/** Values of `Authorization`, and what gateway and verifiers must both say of each. */
export const GOOD_TOKEN = "<token>";

export interface CredentialCase {
  readonly name: string;
  /** `<token>` stands for a good token. */
  readonly value: string;
  /** The reason of the refusal; `undefined` when the token counts. */
  readonly reason: "token-missing" | "token-malformed" | "duplicate-credentials" | undefined;
}

const accepted = (name: string, value: string): CredentialCase => ({
  name,
  value,
  reason: undefined,
});
const missing = (name: string, value: string): CredentialCase => ({
  name,
  value,
  reason: "token-missing",
});
const malformed = (name: string, value: string): CredentialCase => ({
  name,
  value,
  reason: "token-malformed",
});
const duplicate = (name: string, value: string): CredentialCase => ({
  name,
  value,
  reason: "duplicate-credentials",
});

export const CREDENTIALS: readonly CredentialCase[] = [
  accepted("one space", "Bearer <token>"),
  accepted("two spaces", "Bearer  <token>"),
  accepted("many spaces", `Bearer${" ".repeat(20)}<token>`),
  accepted("the scheme in lower case", "bearer <token>"),
  accepted("the scheme in mixed case", "bEaReR <token>"),
  missing("the scheme alone", "Bearer"),
  missing("a token without a scheme", "<token>"),
  missing("another scheme", "Basic YWxpY2U6c2VjcmV0"),
  missing("a scheme that begins alike", "Bearers <token>"),
  missing("a scheme that ends alike", "XBearer <token>"),
  malformed("a tab in the place of the space", "Bearer\t<token>"),
  malformed("a tab after the space", "Bearer \t<token>"),
  malformed("a word after the token", "Bearer <token> please"),
  malformed("a parameter after the token", "Bearer <token>;v=1"),
  malformed("quotes around the token", 'Bearer "<token>"'),
  malformed("the scheme twice", "Bearer Bearer <token>"),
  malformed("a name before the token", "Bearer token=<token>"),
  malformed("a letter outside ASCII", "Bearer é<token>"),
  duplicate("two credentials in one header", "Bearer <token>, Bearer <token>"),
  duplicate("two tokens in one credential", "Bearer <token>,<token>"),
  duplicate("another scheme before it", "Basic YWxpY2U6, Bearer <token>"),
  duplicate("a comma at the end", "Bearer <token>,"),
];
