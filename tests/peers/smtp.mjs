// A real SMTP server for the tests, which can also show how mail servers misbehave. Prints its port,
// then a line of JSON for each letter that it has taken. See .ci/peers.
//   KEY, CERT: PEM files. MISBEHAVE: what to do with the first COUNT tries:
//   refuse-connection, refuse-recipient, greylist, stall, drop-after-data, wrong-log-in.
import { readFileSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';

const { KEY, CERT, MISBEHAVE = '', COUNT = '1' } = process.env;
let left = Number(COUNT);
const misbehaves = (how) => MISBEHAVE === how && left-- > 0;
const refusal = (code, text) => Object.assign(new Error(text), { responseCode: code });

const server = new SMTPServer({
  key: KEY && readFileSync(KEY),
  cert: CERT && readFileSync(CERT),
  secure: false,
  disabledCommands: KEY ? [] : ['STARTTLS', 'AUTH'],
  authOptional: !KEY,
  disableReverseLookup: true,
  closeTimeout: 100,
  onConnect(session, done) {
    if (misbehaves('refuse-connection')) return done(refusal(421, 'not now'));
    return done();
  },
  onAuth(auth, session, done) {
    if (auth.username === 'motcua' && auth.password === 'secret') return done(null, { user: 'motcua' });
    return done(refusal(535, 'wrong user name or password'));
  },
  onRcptTo(address, session, done) {
    if (address.address.startsWith('nobody@')) return done(refusal(550, 'no such mailbox'));
    if (misbehaves('greylist')) return done(refusal(451, 'come back later'));
    return done();
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      const data = Buffer.concat(chunks).toString('utf8');
      const to = session.envelope.rcptTo.map((r) => r.address);
      if (misbehaves('stall')) return; // Never answers.
      console.log(JSON.stringify({ to, data, secure: session.secure, user: session.user ?? null }));
      if (misbehaves('drop-after-data')) {
        // The letter is taken, and the sender is never told.
        const open = [...server.connections].find((c) => c.session === session);
        open._socket.destroy();
        return;
      }
      done();
    });
  },
});
server.on('error', () => {});
server.listen(0, '127.0.0.1', () => console.log(`port ${server.server.address().port}`));
