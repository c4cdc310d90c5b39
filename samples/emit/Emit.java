// 把一篮子委托安全地交给 filebridge，并读回执。用法：java Emit.java 目录 文件名
// Hand a basket over safely and read the receipt: java Emit.java HOME NAME
import java.nio.file.*;
import java.util.*;

class Emit {
    public static void main(String[] arguments) throws Exception {
        Path inbox = Path.of(arguments[0], "inbox"), outbox = Path.of(arguments[0], "outbox");
        String name = arguments[1];
        // Ids made of the name: to run it again under the same name never buys twice, what was taken is answered DUPLICATE.
        String orders = "#ROWS,3\n" // how many follow: makes any cut visible
            + "client_order_id,symbol,side,quantity,limit_price,strategy\n"
            + name + "-1,600000.SH,BUY,1000,10.51,\u52a8\u91cf\n"
            + name + "-2,510300.SH,BUY,100000,4.013,\u52a8\u91cf\n"
            + name + "-3,000001.SZ,SELL,500,11.6,\u52a8\u91cf\n";
        Set<Path> before = receipts(outbox, name);

        Path part = inbox.resolve(name + ".csv.part"); // a name that is never taken
        Files.writeString(part, orders); // as UTF-8
        Files.move(part, inbox.resolve(name + ".csv"), StandardCopyOption.ATOMIC_MOVE); // the whole file appears at once

        long deadline = System.nanoTime() + 60_000_000_000L;
        Set<Path> found = receipts(outbox, name);
        while (before.containsAll(found)) {
            if (System.nanoTime() > deadline) {
                System.err.println("no receipt after 60 s: is filebridge running?");
                System.exit(2);
            }
            Thread.sleep(100);
            found = receipts(outbox, name);
        }
        found.removeAll(before);
        boolean refused = false;
        // Of a receipt the first ten columns hold no comma and no quotation mark; the last line is #END.
        List<String> lines = Files.readAllLines(found.iterator().next());
        for (String line : lines.subList(1, lines.size() - 1)) {
            String[] cells = line.split(",");
            System.out.println(String.join(" ", cells[0], cells[1], cells[8], cells[9]));
            refused |= !Set.of("ACCEPTED", "CANCEL_ACCEPTED", "DUPLICATE").contains(cells[8]);
        }
        System.exit(refused ? 1 : 0);
    }

    static Set<Path> receipts(Path outbox, String name) throws Exception {
        Set<Path> found = new HashSet<>();
        try (DirectoryStream<Path> paths = Files.newDirectoryStream(outbox, name + ".*.receipt.csv")) {
            paths.forEach(found::add);
        }
        return found;
    }
}
