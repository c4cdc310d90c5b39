// 把一篮子委托安全地交给 filebridge，并读回执。用法：go build emit.go，然后 ./emit 目录 文件名
// Hand a basket over safely and read the receipt: go build emit.go && ./emit HOME NAME
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"
)

type row map[string]any

func main() {
	home, name := os.Args[1], os.Args[2]
	inbox := filepath.Join(home, "inbox", name)
	// Ids made of the name: to run it again under the same name never buys twice, what was taken is answered DUPLICATE.
	orders := []row{
		{"client_order_id": name + "-1", "symbol": "600000.SH", "side": "BUY", "quantity": 1000, "limit_price": "10.51", "strategy": "动量"},
		{"client_order_id": name + "-2", "symbol": "510300.SH", "side": "BUY", "quantity": 100000, "limit_price": "4.013", "strategy": "动量"},
		{"client_order_id": name + "-3", "symbol": "000001.SZ", "side": "SELL", "quantity": 500, "limit_price": "11.6", "strategy": "动量"},
	}
	receipts := func() []string { return must(filepath.Glob(filepath.Join(home, "outbox", name+".*.receipt.json"))) }
	before := map[string]bool{}
	for _, path := range receipts() {
		before[path] = true
	}
	must(0, os.WriteFile(inbox+".json.part", must(json.Marshal(orders)), 0o644)) // a name that is never taken
	must(0, os.Rename(inbox+".json.part", inbox+".json"))                        // the whole file appears at once

	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		for _, path := range receipts() {
			if before[path] {
				continue
			}
			var receipt struct{ Rows []row }
			must(0, json.Unmarshal(must(os.ReadFile(path)), &receipt))
			code := 0
			for _, row := range receipt.Rows {
				fmt.Println(row["row"], row["client_order_id"], row["outcome"], row["reason_code"], row["message"])
				if outcome := row["outcome"]; outcome != "ACCEPTED" && outcome != "CANCEL_ACCEPTED" && outcome != "DUPLICATE" {
					code = 1
				}
			}
			os.Exit(code)
		}
	}
	fmt.Fprintln(os.Stderr, "no receipt after 60 s: is filebridge running?")
	os.Exit(2)
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
