# 把一篮子委托安全地交给 filebridge，并读回执。用法：Rscript emit.R 目录 文件名
# Hand a basket over safely and read the receipt: Rscript emit.R HOME NAME
arguments <- commandArgs(trailingOnly = TRUE)
home <- arguments[1]
name <- arguments[2]
# Ids made of the name: to run it again under the same name never buys twice, what was taken is answered DUPLICATE.
orders <- data.frame(
  id = paste0(name, "-", 1:3),
  symbol = c("600000.SH", "510300.SH", "000001.SZ"),
  side = c("BUY", "BUY", "SELL"),
  quantity = c(1000L, 100000L, 500L),
  price = c(10.51, 4.013, 11.6),
  strategy = "\u52a8\u91cf"
)
pattern <- file.path(home, "outbox", paste0(name, ".*.receipt.csv"))
before <- Sys.glob(pattern)

part <- file.path(home, "inbox", paste0(name, ".csv.part")) # a name that is never taken
# sprintf, for R would write the quantity 100000 as 1e+05; bytes, so that UTF-8 stays UTF-8 on every system.
lines <- c(sprintf("#ROWS,%d", nrow(orders)), # makes any cut visible
           "client_order_id,symbol,side,quantity,limit_price,strategy",
           with(orders, sprintf("%s,%s,%s,%d,%.4f,%s", id, symbol, side, quantity, price, strategy)))
file <- file(part, "wb")
writeLines(enc2utf8(lines), file, useBytes = TRUE)
close(file)
stopifnot(file.rename(part, file.path(home, "inbox", paste0(name, ".csv")))) # the whole file appears at once

deadline <- Sys.time() + 60
while (length(new <- setdiff(Sys.glob(pattern), before)) == 0) {
  if (Sys.time() > deadline) {
    message("no receipt after 60 s: is filebridge running?")
    quit(status = 2)
  }
  Sys.sleep(0.1)
}
receipt <- read.csv(new[1], colClasses = "character", fileEncoding = "UTF-8-BOM")
receipt <- receipt[receipt$row != "#END", ]
write.table(receipt[c("row", "client_order_id", "outcome", "reason_code", "message")],
            quote = FALSE, row.names = FALSE, col.names = FALSE)
quit(status = !all(receipt$outcome %in% c("ACCEPTED", "CANCEL_ACCEPTED", "DUPLICATE")))
