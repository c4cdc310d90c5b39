// 把一篮子委托安全地交给 filebridge，并读回执。用法：node emit.mjs 目录 文件名
// Hand a basket over safely and read the receipt: node emit.mjs HOME NAME
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const [home, name] = process.argv.slice(2);
const inbox = path.join(home, 'inbox'), outbox = path.join(home, 'outbox');
// Ids made of the name: to run it again under the same name never buys twice, what was taken is answered DUPLICATE.
const orders = [
  { client_order_id: `${name}-1`, symbol: '600000.SH', side: 'BUY', quantity: 1000, limit_price: 10.51, strategy: '动量' },
  { client_order_id: `${name}-2`, symbol: '510300.SH', side: 'BUY', quantity: 100000, limit_price: 4.013, strategy: '动量' },
  { client_order_id: `${name}-3`, symbol: '000001.SZ', side: 'SELL', quantity: 500, limit_price: 11.6, strategy: '动量' },
];
const receipts = () => fs.readdirSync(outbox).filter(file => file.startsWith(`${name}.`) && file.endsWith('.receipt.json'));
const before = receipts();

const part = path.join(inbox, `${name}.json.part`); // a name that is never taken
fs.writeFileSync(part, JSON.stringify({ orders }, null, 1));
fs.renameSync(part, path.join(inbox, `${name}.json`)); // the whole file appears at once

const deadline = Date.now() + 60_000;
let receipt;
while (!(receipt = receipts().find(file => !before.includes(file)))) {
  if (Date.now() > deadline) {
    console.error('no receipt after 60 s: is filebridge running?');
    process.exit(2);
  }
  await pause(100);
}
const { rows } = JSON.parse(fs.readFileSync(path.join(outbox, receipt), 'utf8'));
for (const row of rows) console.log(row.row, row.client_order_id, row.outcome, row.reason_code, row.message);
process.exitCode = rows.every(row => ['ACCEPTED', 'CANCEL_ACCEPTED', 'DUPLICATE'].includes(row.outcome)) ? 0 : 1;
