/** The proxy on real sockets: what each side of a link sees of a fault. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createLinkProxy, type LinkProxy } from './link-proxy.ts';

const test = suite('scripts/chaos/link-proxy');
const clock = {
  now: () => performance.now(),
  setTimeout: (callback: () => void, afterMs: number) => setTimeout(callback, afterMs),
  clearTimeout: (handle: object) => clearTimeout(handle as NodeJS.Timeout),
};

let server: Server;
let proxy: LinkProxy;
let accepted: Socket[];
const open: Socket[] = [];

test.before.each(async () => {
  accepted = [];
  server = createServer((socket) => {
    accepted.push(socket);
    open.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as { port: number };
  proxy = await createLinkProxy(
    { host: '127.0.0.1', port: 0 },
    { host: '127.0.0.1', ...address },
    {
      clock,
      random: () => 0.5,
    },
  );
});

test.after.each(async () => {
  await proxy.close();
  for (const socket of open.splice(0)) socket.destroy();
  server.close();
});

async function dial(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  open.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** `once` would reject at an error, which a reset is. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed && socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [data] = (await once(socket, 'data')) as [Buffer];
  return data.toString();
}

test('bytes go to the target and back', async () => {
  const socket = await dial();
  assert.is(await echo(socket, 'to and fro'), 'to and fro');
  assert.is(proxy.connections(), 1);
});

test('the end of one side reaches the other', async () => {
  const socket = await dial();
  await echo(socket, 'x');
  const end = closed(accepted[0] as Socket);
  socket.end();
  await end;
  await closed(socket);
});

test('a stalled link is open and silent, and what was sent arrives afterwards', async () => {
  const socket = await dial();
  await echo(socket, 'before');
  proxy.setFault({ kind: 'stall' });
  let received = '';
  socket.on('data', (data: Buffer) => {
    received += data.toString();
  });
  socket.write('during');
  // A second connection to the same proxy has had its turn when it is accepted: so had these bytes.
  const second = await dial();
  assert.is(received, '');
  assert.is(accepted.length, 1);
  assert.not.ok(socket.destroyed);
  proxy.setFault({ kind: 'none' });
  assert.is(await echo(second, 'second'), 'second');
  assert.is(accepted.length, 2);
  while (received !== 'during') await once(socket, 'data');
});

test('the target does not learn of an end while the link is stalled', async () => {
  const socket = await dial();
  await echo(socket, 'x');
  proxy.setFault({ kind: 'stall' });
  socket.destroy();
  await dial();
  assert.not.ok((accepted[0] as Socket).destroyed);
  proxy.setFault({ kind: 'none' });
  await closed(accepted[0] as Socket);
});

test('a cut resets what is open and what comes, until it ends', async () => {
  const socket = await dial();
  await echo(socket, 'x');
  const ends = [closed(socket), closed(accepted[0] as Socket)];
  proxy.setFault({ kind: 'cut' });
  await Promise.all(ends);
  const refused = connect(proxy.port, '127.0.0.1');
  refused.on('error', () => {});
  await closed(refused);
  assert.is(accepted.length, 1);
  proxy.setFault({ kind: 'none' });
  assert.is(await echo(await dial(), 'again'), 'again');
});

test('a target that is not there ends the connection', async () => {
  server.close();
  const socket = await dial();
  await closed(socket);
});

test.run();
