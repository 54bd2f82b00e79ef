// Results of MCP tools as ARCP ones: text stays in the value, bytes become artifacts, resources stay links. Whatever does not
// fit is left out where it stood, with the code of why, rather than fail a call that has done its work.

import { encodeUtf8 } from '../../bytes/utf8.js';
import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import type { ToolContext } from '../runtime/tool-context.js';
import { resultRef, type ToolResult } from '../runtime/tools.js';
import type { ArtifactRef } from '../wire/artifact.js';
import { decodeBase64Strict } from '../wire/base64.js';
import { treeIssue, treeRoom } from '../wire/json-tree.js';

/** How much of a result is taken. */
export interface ContentLimits {
  /** Blocks of content. */
  readonly maxBlocks: number;
  /** Characters of text, of structured content and of names that stay in the value; more text becomes an artifact. */
  readonly maxValueChars: number;
  /** Bytes that become artifacts. */
  readonly maxArtifactBytes: number;
}

/** What artifacts are made with. */
type Keeper = Pick<ToolContext, 'artifact'>;

/** Longest name, URI or description that is passed on, in UTF-16 units. */
const MAX_NAME_CHARS = 2_048;

/** Structured content that is deeper, or has more members, becomes an artifact: a message with it would not be taken. */
const MAX_STRUCTURED_LEVELS = 100;
const MAX_STRUCTURED_MEMBERS = 5_000;

/**
 * Reads a result.
 *
 * @returns `{ content, structuredContent? }` as MCP has it, each block of bytes with an `artifact` in the place of its data;
 *   where the content is one such block alone, the artifact is the result, too. Structured content that is more than a
 *   message holds is `{ artifact }`, of its JSON.
 * @throws {ArcpError} ERR_ARCP_CANCELLED: the job has ended.
 */
export async function resultOf(
  result: unknown,
  keeper: Keeper,
  limits: ContentLimits,
): Promise<JsonValue | ToolResult> {
  const { content, structuredContent } = isObject(result) ? result : ({} as JsonObject);
  const blocks = Array.isArray(content) ? content : [];
  const reader = new ContentReader(keeper, limits);
  const read: JsonValue[] = [];
  for (const block of blocks.slice(0, limits.maxBlocks)) read.push(await reader.block(block));
  const value: Record<string, JsonValue> = { content: read };
  if (blocks.length > limits.maxBlocks) value.omittedBlocks = blocks.length - limits.maxBlocks;
  if (structuredContent !== undefined) Object.assign(value, await reader.structured(structuredContent));
  const [alone] = reader.artifacts;
  return alone !== undefined && read.length === 1 && structuredContent === undefined ? resultRef(alone, value) : value;
}

/** Text of a result that says what went wrong. */
export function textOf(result: unknown, maxChars: number): string {
  const content = isObject(result) && Array.isArray(result.content) ? result.content : [];
  const texts = content.slice(0, 16).flatMap((block) => {
    return isObject(block) && block.type === 'text' && typeof block.text === 'string'
      ? [block.text.slice(0, maxChars)]
      : [];
  });
  return texts.join('\n').slice(0, maxChars);
}

class ContentReader {
  readonly artifacts: ArtifactRef[] = [];
  readonly #keeper: Keeper;
  #charsLeft: number;
  #bytesLeft: number;

  constructor(keeper: Keeper, { maxValueChars, maxArtifactBytes }: ContentLimits) {
    this.#keeper = keeper;
    this.#charsLeft = maxValueChars;
    this.#bytesLeft = maxArtifactBytes;
  }

  block(block: unknown): Promise<JsonObject> | JsonObject {
    const { type, ...rest } = isObject(block) ? block : ({} as JsonObject);
    switch (type) {
      case 'text':
        return this.#text({ type }, rest.text, 'text/plain;charset=utf-8');
      case 'image':
      case 'audio':
        return this.#bytes({ type, ...this.#short({ mimeType: rest.mimeType }) }, rest.data, rest.mimeType);
      case 'resource': {
        const resource = isObject(rest.resource) ? rest.resource : ({} as JsonObject);
        const { uri, mimeType, text, blob } = resource;
        const facts = { type, ...this.#short({ uri, mimeType }) };
        return text === undefined ? this.#bytes(facts, blob, mimeType) : this.#text(facts, text, mimeType);
      }
      case 'resource_link': {
        const { uri, name, title, description, mimeType, size } = rest;
        const counted = typeof size === 'number' && Number.isFinite(size) ? { size } : undefined;
        return { type, ...this.#short({ uri, name, title, description, mimeType }), ...counted };
      }
      default:
        return { type: typeof type === 'string' ? type.slice(0, 64) : 'unknown', omitted: 'UNIMPLEMENTED' };
    }
  }

  async structured(content: JsonValue): Promise<JsonObject> {
    let text: string;
    try {
      text = JSON.stringify(content);
    } catch {
      return { structuredContent: { omitted: 'INVALID_ARGUMENT' } };
    }
    const issue = treeIssue(content, treeRoom(MAX_STRUCTURED_LEVELS, MAX_STRUCTURED_MEMBERS, false), 1);
    if (issue === undefined && this.#take(text)) return { structuredContent: content };
    // What JSON has no words for, such as the number 1e400, is another thing in the artifact, too.
    if (issue !== undefined && !/nests|members/.test(issue)) {
      return { structuredContent: { omitted: 'INVALID_ARGUMENT' } };
    }
    return { structuredContent: await this.#keep({}, encodeUtf8(text), 'application/json') };
  }

  async #text(facts: JsonObject, text: JsonValue | undefined, mediaType: JsonValue | undefined): Promise<JsonObject> {
    if (typeof text !== 'string') return { ...facts, omitted: 'INVALID_ARGUMENT' };
    if (this.#take(text)) return { ...facts, text };
    return this.#keep(facts, encodeUtf8(text), mediaType);
  }

  async #bytes(facts: JsonObject, data: JsonValue | undefined, mediaType: JsonValue | undefined): Promise<JsonObject> {
    try {
      if (typeof data !== 'string') throw new ArcpError('INVALID_ARGUMENT', 'data must be base64');
      return await this.#keep(facts, decodeBase64Strict(data), mediaType);
    } catch (error) {
      return omitted(facts, error);
    }
  }

  async #keep(facts: JsonObject, bytes: Uint8Array, mediaType: JsonValue | undefined): Promise<JsonObject> {
    const isType =
      typeof mediaType === 'string' && /^[\w.+-]{1,100}\/[\w.+-]{1,100}(?:;\s?[\w-]+=[\w.-]+)?$/.test(mediaType);
    try {
      if (bytes.length > this.#bytesLeft) throw new ArcpError('RESOURCE_EXHAUSTED', 'the result has too many bytes');
      this.#bytesLeft -= bytes.length;
      const artifact = await this.#keeper.artifact(bytes, {
        mediaType: isType ? (mediaType as string) : 'application/octet-stream',
      });
      this.artifacts.push(artifact);
      return { ...facts, artifact: artifact as unknown as JsonObject };
    } catch (error) {
      return omitted(facts, error);
    }
  }

  /** Of members, those that are short texts, while there is room. */
  #short(members: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
    return Object.fromEntries(
      Object.entries(members).filter((member): member is [string, string] => {
        return typeof member[1] === 'string' && member[1].length <= MAX_NAME_CHARS && this.#take(member[1]);
      }),
    );
  }

  #take({ length }: string): boolean {
    if (length > this.#charsLeft) return false;
    this.#charsLeft -= length;
    return true;
  }
}

/** @throws {ArcpError} ERR_ARCP_CANCELLED @throws What is no refusal. */
function omitted(facts: JsonObject, error: unknown): JsonObject {
  if (!(error instanceof ArcpError) || error.wireCode === 'CANCELLED') throw error;
  return { ...facts, omitted: error.wireCode };
}
