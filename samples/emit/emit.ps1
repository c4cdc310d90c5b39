# 把一篮子委托安全地交给 filebridge，并读回执。用法：powershell -ExecutionPolicy Bypass -File emit.ps1 目录 文件名
# Hand a basket over safely and read the receipt: powershell -ExecutionPolicy Bypass -File emit.ps1 HOME NAME
param([Parameter(Mandatory)][string]$Folder, [Parameter(Mandatory)][string]$Name)
$ErrorActionPreference = "Stop"
$inbox = Join-Path $Folder "inbox"
$outbox = Join-Path $Folder "outbox"
# Ids made of the name: to run it again under the same name never buys twice, what was taken is answered DUPLICATE.
$orders = @(
    [pscustomobject]@{client_order_id="$Name-1"; symbol="600000.SH"; side="BUY"; quantity=1000; limit_price="10.51"; strategy="动量"}
    [pscustomobject]@{client_order_id="$Name-2"; symbol="510300.SH"; side="BUY"; quantity=100000; limit_price="4.013"; strategy="动量"}
    [pscustomobject]@{client_order_id="$Name-3"; symbol="000001.SZ"; side="SELL"; quantity=500; limit_price="11.6"; strategy="动量"}
)
function Get-Receipts { Get-ChildItem -LiteralPath $outbox -Filter "$Name.*.receipt.json" }
$before = @(Get-Receipts | ForEach-Object Name)

$part = Join-Path $inbox "$Name.csv.part"                          # a name that is never taken
$orders | Export-Csv -LiteralPath $part -NoTypeInformation -Encoding UTF8
Add-Content -LiteralPath $part "#END,$($orders.Count)" -Encoding Ascii  # makes any cut visible
Rename-Item -LiteralPath $part "$Name.csv"                         # the whole file appears at once

$deadline = (Get-Date).AddSeconds(60)
while (-not ($receipt = Get-Receipts | Where-Object Name -NotIn $before | Select-Object -First 1)) {
    if ((Get-Date) -gt $deadline) { Write-Warning "no receipt after 60 s: is filebridge running?"; exit 2 }
    Start-Sleep -Milliseconds 100
}
$rows = (Get-Content -LiteralPath $receipt.FullName -Raw -Encoding UTF8 | ConvertFrom-Json).rows
$rows | ForEach-Object { "$($_.row) $($_.client_order_id) $($_.outcome) $($_.reason_code) $($_.message)" }
$refused = @($rows | Where-Object outcome -NotIn "ACCEPTED", "CANCEL_ACCEPTED", "DUPLICATE")
exit [int]($refused.Count -gt 0)
