// A runtime of the table of ARCP behind `ringline/host/node`.

import { arcpNodeHost, nodeHost } from 'ringline/host/node';
import * as library from '../suite/library.mjs';
import { makeRuntime } from './arcp-agent.mjs';

const { runtime, phone, did } = await makeRuntime(library, { runtime: 'Node' });
const [{ url }, { url: phoneUrl }] = await Promise.all([arcpNodeHost(runtime), nodeHost(phone)]);
console.log(`@${JSON.stringify({ url, phoneUrl, did })}`);
