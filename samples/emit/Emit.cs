// 把一篮子委托安全地交给 filebridge，并读回执。用法：Emit.exe 目录 文件名
// Hand a basket over safely and read the receipt: Emit.exe HOME NAME
using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;

class Emit
{
    static int Main(string[] arguments)
    {
        string inbox = Path.Combine(arguments[0], "inbox"), outbox = Path.Combine(arguments[0], "outbox");
        string name = arguments[1];
        // Ids made of the name: to run it again under the same name never buys twice, what was taken is answered DUPLICATE.
        string[] orders = {
            "#ROWS,3", // how many follow: makes any cut visible
            "client_order_id,symbol,side,quantity,limit_price,strategy",
            name + "-1,600000.SH,BUY,1000,10.51,\u52a8\u91cf",
            name + "-2,510300.SH,BUY,100000,4.013,\u52a8\u91cf",
            name + "-3,000001.SZ,SELL,500,11.6,\u52a8\u91cf",
        };
        string[] before = Directory.GetFiles(outbox, name + ".*.receipt.csv");

        string part = Path.Combine(inbox, name + ".csv.part"); // a name that is never taken
        File.WriteAllLines(part, orders, Encoding.UTF8);
        File.Move(part, Path.Combine(inbox, name + ".csv")); // the whole file appears at once

        DateTime deadline = DateTime.UtcNow.AddSeconds(60);
        string receipt;
        while ((receipt = Directory.GetFiles(outbox, name + ".*.receipt.csv").Except(before).FirstOrDefault()) == null)
        {
            if (DateTime.UtcNow > deadline)
            {
                Console.Error.WriteLine("no receipt after 60 s: is filebridge running?");
                return 2;
            }
            Thread.Sleep(100);
        }
        bool refused = false;
        // Of a receipt the first ten columns hold no comma and no quotation mark; the last line is #END.
        foreach (string line in File.ReadLines(receipt).Skip(1).TakeWhile(line => !line.StartsWith("#END")))
        {
            string[] cells = line.Split(',');
            Console.WriteLine(string.Join(" ", cells[0], cells[1], cells[8], cells[9]));
            refused |= !new[] { "ACCEPTED", "CANCEL_ACCEPTED", "DUPLICATE" }.Contains(cells[8]);
        }
        return refused ? 1 : 0;
    }
}
