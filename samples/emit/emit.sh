#!/bin/sh
# 把一篮子委托安全地交给 filebridge，并读回执。用法：sh emit.sh 目录 文件名
# Hand a basket over safely and read the receipt: sh emit.sh HOME NAME
set -eu
inbox=$1/inbox outbox=$1/outbox name=$2
before=$(ls "$outbox")

# Ids made of the name: to run it again under the same name never buys twice, what was taken is answered DUPLICATE.
# The name .part is never taken; #ROWS with the number of rows makes any cut visible.
cat >"$inbox/$name.csv.part" <<ORDERS
#ROWS,3
client_order_id,symbol,side,quantity,limit_price,strategy
$name-1,600000.SH,BUY,1000,10.51,动量
$name-2,510300.SH,BUY,100000,4.013,动量
$name-3,000001.SZ,SELL,500,11.6,动量
ORDERS
mv "$inbox/$name.csv.part" "$inbox/$name.csv" # the whole file appears at once

seconds=0 receipt=
while [ -z "$receipt" ]; do
    if [ $seconds -ge 60 ]; then
        echo "no receipt after 60 s: is filebridge running?" >&2
        exit 2
    fi
    sleep 1
    seconds=$((seconds + 1))
    for path in "$outbox/$name".*.receipt.csv; do
        case $before in *"${path##*/}"*) continue ;; esac
        if [ -e "$path" ]; then receipt=$path; fi
    done
done

# Of a receipt the first ten columns hold no comma and no quotation mark; a whole one ends with #END.
awk -F, '
    $1 == "#END" { whole = 1 }
    NR > 1 && !whole { print $1, $2, $9, $10; if ($9 !~ /^(ACCEPTED|CANCEL_ACCEPTED|DUPLICATE)$/) refused = 1 }
    END { exit whole ? refused : 2 }' "$receipt"
