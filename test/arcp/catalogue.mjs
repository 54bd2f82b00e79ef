// The catalogue of ARCP v1.0 written down by hand: every core type with who sends it, what must have been negotiated, a
// payload that has all its members, and which of them it cannot do without. The tests hold the source to it, and the
// interop checks show its payloads to another implementation: they run without a compiler, so this is plain JavaScript.

/**
 * One line of the catalogue.
 *
 * @typedef {object} CatalogueEntry
 * @property {string} type
 * @property {'C' | 'R' | 'both'} direction
 * @property {string} [gate]
 * @property {true} [absent] From version 0.1.0 of the Rust crate.
 * @property {readonly string[]} required Members that may not be missing.
 * @property {Readonly<Record<string, unknown>>} full Every member the type knows.
 */

const TIME = '2026-03-02T08:15:42.120Z';
const ERROR = {
  code: 'ABORTED',
  message: 'stopped',
  retryable: true,
  details: { retry_after_seconds: 3 },
  cause: { code: 'INTERNAL', message: 'below' },
  trace_id: 't1',
};
const REF = {
  artifact_id: 'art_1',
  uri: 'arcp://session/sess_1/artifact/art_1',
  media_type: 'text/plain',
  size: 2,
  sha256: 'ab'.repeat(32),
  expires_at: TIME,
};
const CAPABILITIES = {
  streaming: true,
  durable_jobs: true,
  checkpoints: true,
  binary_streams: true,
  agent_handoff: true,
  human_input: true,
  artifacts: true,
  subscriptions: true,
  scheduled_jobs: true,
  interrupt: true,
  anonymous: false,
  heartbeat_recovery: 'block',
  heartbeat_interval_seconds: 30,
  binary_encoding: ['base64', 'sidecar'],
  extensions: ['arcpx.acme.billing.v1'],
  artifact_retention: { default_seconds: 3600, max_seconds: 86400 },
  required: ['streaming'],
};
const SCOPE = { permission: 'filesystem.read', resource: '/tmp/a', operation: 'read' };
const ANSWERED = { responded_by: 'console', responded_at: TIME };

/** The 66, in the order of the specification. @type {readonly CatalogueEntry[]} */
export const CATALOGUE = [
  // Identity and authentication: 9.
  {
    type: 'session.open',
    direction: 'C',
    required: ['auth', 'client'],
    full: {
      auth: { scheme: 'bearer', token: 'tok' },
      client: { kind: 'cli', version: '1', fingerprint: 'sha256:00', principal: 'alice' },
      capabilities: CAPABILITIES,
    },
  },
  { type: 'session.challenge', direction: 'R', required: ['challenge'], full: { challenge: 'n' } },
  { type: 'session.authenticate', direction: 'C', required: ['response'], full: { response: 'r' } },
  {
    type: 'session.accepted',
    direction: 'R',
    required: ['session_id', 'runtime', 'capabilities'],
    full: {
      session_id: 'sess_1',
      runtime: { kind: 'ringline', version: '1', fingerprint: 'sha256:00', trust_level: 'trusted' },
      capabilities: CAPABILITIES,
      lease: { expires_at: TIME },
    },
  },
  {
    type: 'session.unauthenticated',
    direction: 'R',
    required: ['code', 'message'],
    full: { code: 'UNAUTHENTICATED', message: 'no' },
  },
  {
    type: 'session.rejected',
    direction: 'R',
    required: ['code', 'message'],
    full: { code: 'UNAUTHENTICATED', message: 'no' },
  },
  { type: 'session.refresh', direction: 'R', required: ['deadline'], full: { deadline: TIME, challenge: 'n' } },
  {
    type: 'session.evicted',
    direction: 'R',
    required: ['code', 'reason'],
    full: { code: 'CANCELLED', reason: 'cancelled' },
  },
  { type: 'session.close', direction: 'both', required: [], full: { reason: 'done', jobs: 'detach' } },
  // Control: 12.
  { type: 'ping', direction: 'both', required: [], full: { nonce: 'n' } },
  { type: 'pong', direction: 'both', required: [], full: { nonce: 'n' } },
  { type: 'ack', direction: 'both', required: [], full: { note: 'seen' } },
  { type: 'nack', direction: 'both', required: ['code', 'message'], full: ERROR },
  {
    type: 'cancel',
    direction: 'C',
    required: ['target', 'target_id'],
    full: { target: 'job', target_id: 'job_1', reason: 'user', deadline_ms: 5000 },
  },
  { type: 'cancel.accepted', direction: 'R', required: [], full: { target_id: 'job_1' } },
  {
    type: 'cancel.refused',
    direction: 'R',
    required: ['target_id', 'reason'],
    full: { target_id: 'zzz', reason: 'not_found' },
  },
  {
    type: 'interrupt',
    direction: 'C',
    gate: 'interrupt',
    required: ['target', 'target_id', 'prompt'],
    full: { target: 'job', target_id: 'job_1', prompt: 'why?' },
  },
  {
    type: 'resume',
    direction: 'C',
    required: [],
    full: { after_message_id: 'msg_1', checkpoint_id: 'chk_1', include_open_streams: true },
  },
  {
    type: 'backpressure',
    direction: 'both',
    required: [],
    full: { desired_rate_per_second: 5, buffer_remaining_bytes: 1024, reason: 'slow' },
  },
  {
    type: 'checkpoint.create',
    direction: 'C',
    gate: 'checkpoints',
    absent: true,
    required: [],
    full: { label: 'before' },
  },
  {
    type: 'checkpoint.restore',
    direction: 'C',
    gate: 'checkpoints',
    absent: true,
    required: ['checkpoint_id'],
    full: { checkpoint_id: 'chk_1' },
  },
  // Execution: 16.
  {
    type: 'tool.invoke',
    direction: 'C',
    required: ['tool', 'arguments'],
    full: { tool: 'echo', arguments: { a: 1 } },
  },
  { type: 'tool.result', direction: 'R', required: [], full: { value: 1, result_ref: REF } },
  { type: 'tool.error', direction: 'R', required: ['code', 'message'], full: ERROR },
  { type: 'job.accepted', direction: 'R', required: ['job_id'], full: { job_id: 'job_1' } },
  { type: 'job.started', direction: 'R', required: [], full: { description: 'invoking echo' } },
  { type: 'job.progress', direction: 'R', required: [], full: { percent: 42.5, message: 'half' } },
  {
    type: 'job.heartbeat',
    direction: 'R',
    required: ['sequence', 'state'],
    full: { sequence: 1, deadline_ms: 60000, state: 'running' },
  },
  {
    type: 'job.checkpoint',
    direction: 'R',
    gate: 'checkpoints',
    absent: true,
    required: ['checkpoint_id', 'data'],
    full: { checkpoint_id: 'chk_1', data: { at: 3 } },
  },
  { type: 'job.completed', direction: 'R', required: [], full: { value: null, result_ref: REF } },
  { type: 'job.failed', direction: 'R', required: ['code', 'message'], full: ERROR },
  { type: 'job.cancelled', direction: 'R', required: [], full: { reason: 'user' } },
  {
    type: 'job.schedule',
    direction: 'C',
    gate: 'scheduled_jobs',
    absent: true,
    required: ['job', 'when'],
    full: { job: { type: 'tool.invoke', payload: { tool: 'echo', arguments: null } }, when: { after: 60 } },
  },
  {
    type: 'workflow.start',
    direction: 'C',
    absent: true,
    required: ['workflow'],
    full: { workflow: 'nightly', arguments: [1] },
  },
  { type: 'workflow.complete', direction: 'R', absent: true, required: [], full: { value: 1 } },
  {
    type: 'agent.delegate',
    direction: 'both',
    absent: true,
    required: ['target', 'task'],
    full: {
      target: 'other',
      task: 'sum',
      context: { trace_id: 't1', shared_memory_ref: 'art_1', permissions_inherited: ['network.fetch'] },
    },
  },
  {
    type: 'agent.handoff',
    direction: 'both',
    gate: 'agent_handoff',
    absent: true,
    required: ['runtime'],
    full: { runtime: { kind: 'ringline', version: '1', uri: 'wss://b.example' }, reason: 'nearer' },
  },
  // Streaming: 4.
  {
    type: 'stream.open',
    direction: 'both',
    gate: 'streaming',
    required: ['kind'],
    full: { kind: 'text', content_type: 'text/plain', encoding: 'utf-8' },
  },
  {
    type: 'stream.chunk',
    direction: 'both',
    gate: 'streaming',
    required: ['sequence', 'data'],
    full: {
      sequence: 0,
      data: 'hm',
      content_type: 'text/plain',
      sha256: 'ab'.repeat(32),
      redacted: true,
      role: 'assistant_thought',
      content: 'hm',
    },
  },
  { type: 'stream.close', direction: 'both', gate: 'streaming', required: [], full: { final_sequence: 2 } },
  {
    type: 'stream.error',
    direction: 'both',
    gate: 'streaming',
    required: ['code', 'message'],
    full: { code: 'CANCELLED', message: 'stopped' },
  },
  // Human in the loop: 5.
  {
    type: 'human.input.request',
    direction: 'R',
    gate: 'human_input',
    required: ['prompt', 'response_schema', 'expires_at'],
    full: { prompt: 'how many?', response_schema: { type: 'integer' }, default: 7, expires_at: TIME },
  },
  {
    type: 'human.input.response',
    // From the client, or made by the runtime where a default answers.
    direction: 'both',
    gate: 'human_input',
    required: ['value', 'responded_by', 'responded_at'],
    full: { value: 3, ...ANSWERED },
  },
  {
    type: 'human.choice.request',
    direction: 'R',
    gate: 'human_input',
    required: ['prompt', 'options', 'expires_at'],
    full: { prompt: 'which?', options: [{ id: 'a', label: 'A' }], expires_at: TIME },
  },
  {
    type: 'human.choice.response',
    direction: 'C',
    gate: 'human_input',
    required: ['choice_id', 'responded_by', 'responded_at'],
    full: { choice_id: 'a', ...ANSWERED },
  },
  {
    type: 'human.input.cancelled',
    direction: 'both',
    gate: 'human_input',
    required: ['code'],
    full: { code: 'DEADLINE_EXCEEDED', message: 'late' },
  },
  // Permissions and leases: 7.
  {
    type: 'permission.request',
    direction: 'R',
    required: ['permission', 'resource', 'operation'],
    full: { ...SCOPE, reason: 'to read', requested_lease_seconds: 300 },
  },
  {
    type: 'permission.grant',
    direction: 'C',
    required: ['permission', 'resource', 'operation', 'lease_seconds'],
    full: { ...SCOPE, lease_seconds: 300 },
  },
  {
    type: 'permission.deny',
    direction: 'C',
    required: ['permission', 'reason'],
    full: { permission: 'filesystem.read', reason: 'no' },
  },
  {
    type: 'lease.granted',
    direction: 'R',
    required: ['lease_id', 'permission', 'resource', 'operation', 'expires_at'],
    full: { lease_id: 'lease_1', ...SCOPE, expires_at: TIME },
  },
  {
    type: 'lease.refresh',
    direction: 'both',
    required: ['lease_id', 'additional_seconds'],
    full: { lease_id: 'lease_1', additional_seconds: 60 },
  },
  {
    type: 'lease.extended',
    direction: 'both',
    required: ['lease_id', 'expires_at'],
    full: { lease_id: 'lease_1', expires_at: TIME },
  },
  {
    type: 'lease.revoked',
    direction: 'both',
    required: ['lease_id', 'reason'],
    full: { lease_id: 'lease_1', reason: 'policy' },
  },
  // Subscriptions: 5.
  {
    type: 'subscribe',
    direction: 'C',
    gate: 'subscriptions',
    required: [],
    full: {
      filter: {
        session_id: ['sess_1'],
        trace_id: ['t1'],
        job_id: ['job_1'],
        stream_id: ['str_1'],
        types: ['log'],
        min_priority: 'high',
      },
      since: { after_message_id: 'msg_1' },
    },
  },
  {
    type: 'subscribe.accepted',
    direction: 'R',
    gate: 'subscriptions',
    required: ['subscription_id'],
    full: { subscription_id: 'sub_1' },
  },
  {
    type: 'subscribe.event',
    direction: 'R',
    gate: 'subscriptions',
    required: ['event'],
    full: { event: { arcp: '1.0', id: 'msg_1', type: 'ping', timestamp: TIME, payload: {} } },
  },
  {
    type: 'unsubscribe',
    direction: 'both',
    gate: 'subscriptions',
    required: ['subscription_id'],
    full: { subscription_id: 'sub_1' },
  },
  {
    type: 'subscribe.closed',
    direction: 'R',
    gate: 'subscriptions',
    required: ['subscription_id', 'code', 'reason'],
    full: { subscription_id: 'sub_1', code: 'BACKPRESSURE_OVERFLOW', reason: 'slow' },
  },
  // Artifacts: 4.
  {
    type: 'artifact.put',
    direction: 'both',
    gate: 'artifacts',
    required: ['media_type', 'data'],
    full: { media_type: 'text/plain', data: 'aGk=', sha256: 'ab'.repeat(32), retain_seconds: 60 },
  },
  {
    type: 'artifact.fetch',
    direction: 'both',
    gate: 'artifacts',
    required: ['artifact_id'],
    full: { artifact_id: 'art_1' },
  },
  {
    type: 'artifact.ref',
    direction: 'both',
    gate: 'artifacts',
    required: ['artifact'],
    full: { artifact: REF, data: 'aGk=' },
  },
  {
    type: 'artifact.release',
    direction: 'both',
    gate: 'artifacts',
    required: ['artifact_id'],
    full: { artifact_id: 'art_1' },
  },
  // Telemetry: 4.
  { type: 'event.emit', direction: 'both', required: ['name'], full: { name: 'job.state', data: { a: 1 } } },
  {
    type: 'log',
    direction: 'both',
    required: ['level', 'message'],
    full: { level: 'warn', message: 'hot', attributes: { c: 90 } },
  },
  {
    type: 'metric',
    direction: 'both',
    required: ['name', 'value', 'unit'],
    full: { name: 'tokens.used', value: 1432, unit: 'tokens', dims: { kind: 'input' } },
  },
  {
    type: 'trace.span',
    direction: 'both',
    required: ['name', 'trace_id', 'span_id', 'start_time', 'end_time'],
    full: {
      name: 'tool',
      trace_id: 't1',
      span_id: 's1',
      parent_span_id: 's0',
      start_time: TIME,
      end_time: TIME,
      attributes: { ok: true },
    },
  },
];
