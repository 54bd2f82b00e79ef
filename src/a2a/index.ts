// `ringline/a2a`: the calls most programs make of A2A v1.0. What is rarer has a subpath: `a2a/card`, `a2a/discovery`,
// `a2a/client`, `a2a/server`, `a2a/phone`.

export type { AgentCard, AgentInterface, AgentSkill } from './card/agent-card.js';
export { selectInterface } from './card/interfaces.js';
export type { TrustRoot } from './card/key-rings.js';
export { parseAgentCard } from './card/parse.js';
export { type SignCardOptions, type SignedAgentCard, signAgentCard } from './card/sign.js';
export { type VerifiedAgentCard, type VerifyCardOptions, verifyAgentCard } from './card/verify.js';
export { type A2aClient, createA2aClient } from './client/client.js';
export type { A2aClientOptions } from './client/options.js';
export { cardCache } from './discovery/card-cache.js';
export { type FetchAgentCardOptions, fetchAgentCard } from './discovery/fetch-card.js';
export { serveAgentCard } from './discovery/serve-card.js';
export { A2aError, type A2aErrorCode } from './errors.js';
export { phoneInterface } from './phone/phone-interface.js';
export { type PhoneTarget, type PhoneTargetOptions, phoneTarget } from './phone/phone-target.js';
export type { AgentEvent, ExecutionContext, Executor } from './server/executor.js';
export { memoryTaskStore } from './server/memory-task-store.js';
export { type A2aServer, createA2aServer } from './server/server.js';
export type { A2aServerOptions } from './server/server-options.js';
export { storedTaskStore } from './server/stored-task-store.js';
export type { TaskStore } from './server/task-store.js';
export { A2aOperationError, type A2aOperationErrorCode } from './wire/errors.js';
export type { Artifact, Message, Part, Task } from './wire/objects.js';
export { bytesOfPart, rawPart, textOf, userMessage } from './wire/parts.js';
