// A contract with valibot schemas, checked at both ends.

import { connect, createIdentity, defineContract, memoryPair, serve } from 'ringline';
import * as v from 'valibot';

const library = defineContract({
  find: { params: v.object({ title: v.string() }), result: v.array(v.string()) },
  read: { params: v.object({ id: v.pipe(v.number(), v.integer()) }), item: v.string() },
});

const [reader, librarian] = await Promise.all([createIdentity(), createIdentity()]);
const [near, far] = memoryPair();
serve({
  identity: librarian,
  transport: far,
  handlers: library.handlers({
    find: ({ title }) => [`${title}, first edition`, `${title}, annotated`],
    async *read({ id }) {
      yield `book ${id}, page 1`;
      yield `book ${id}, page 2`;
    },
  }),
});

const session = await connect({ identity: reader, transport: near, remoteDid: librarian.did });
const books = session.use(library);
console.log(await books.find({ title: 'Walden' }));
for await (const page of books.read({ id: 7 })) console.log(page);
await books.find({ title: 42 }).catch((error) => console.log(`${error.name}: nothing was sent`));
await session.close();
