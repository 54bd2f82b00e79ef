// What goes wrong at an agent, as the page is told of it.

/** The reason. */
export interface Failure {
  /** As AITP spells it, such as `TCT_REVOKED`; a code of the package where it is none of AITP's; or empty. */
  readonly code: string;
  /** The text of the error, for those without a code that anybody has explained. */
  readonly text: string;
}

/** An agent did not do what it was asked for. */
export class AgentFailure extends Error {
  override readonly name = 'AgentFailure';
  readonly code: string;

  constructor({ code, text }: Failure) {
    super(text);
    this.code = code;
  }
}
