// The workflows that `arcp serve` offers.

import { ArcpError } from '../arcp/errors.js';
import type { ToolContext } from '../arcp/runtime/tool-context.js';
import type { Workflow } from '../arcp/runtime/workflow.js';
import { isObject } from '../codec/is-object.js';
import type { JsonValue } from '../codec/json-value.js';

/** What each of the workflows takes and does, in a line. */
export const WORKFLOWS_IN_WORDS = [
  'tour {"topic"} thinks, asks, lets choose and makes an artifact, one after the other',
];

/** The workflows. */
export const demoWorkflows: readonly Workflow[] = [{ name: 'tour', handler: tour }];

const FORMATS = [
  { id: 'plain', label: 'Plain text' },
  { id: 'markdown', label: 'Markdown' },
];

async function tour(args: JsonValue, context: ToolContext): Promise<JsonValue> {
  const topic = isObject(args) && Object.hasOwn(args, 'topic') ? args.topic : 'the sea';
  if (typeof topic !== 'string' || topic === '') {
    throw new ArcpError('INVALID_ARGUMENT', 'topic must be text', {
      details: { path: 'topic', issue: 'must be text' },
    });
  }
  context.progress(0, 'thinking');
  await context.thought(`What is there to say of ${topic}?`);
  context.progress(25, 'asking');
  const line = await context.requestInput({ prompt: `A line about ${topic}, please.`, schema: { type: 'string' } });
  context.progress(50, 'asking again');
  const format = await context.requestChoice({ prompt: 'In which form?', options: FORMATS });
  context.progress(75, 'writing');
  const text = format === 'markdown' ? `# ${topic}\n\n${String(line)}\n` : `${topic}\n\n${String(line)}\n`;
  const { artifact_id } = await context.artifact(new TextEncoder().encode(text), {
    mediaType: `text/${format === 'markdown' ? 'markdown' : 'plain'}`,
  });
  context.progress(100, 'done');
  return { topic, format, artifact_id };
}
