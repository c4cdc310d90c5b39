' 把一篮子委托安全地交给 filebridge，并读回执。把全文粘贴到 Excel 的模块里（Alt+F11，插入，模块）。 --
' Hand a basket over safely and read the receipt. Paste it into a module of Excel (Alt+F11, Insert, Module), and call it
' from a macro or the Immediate window:  Debug.Print EmitBasket("C:\my-home", "basket-1")
Option Explicit

' Returns the receipt's rows as text; raises an error if a row was not taken, or if no receipt comes.
Public Function EmitBasket(ByVal home As String, ByVal basket As String) As String
    Dim slash As String, inbox As String, outbox As String, strategy As String, orders As String, before As String
    slash = IIf(InStr(home, "/") > 0, "/", "\") ' a Mac has the other one
    inbox = home & slash & "inbox" & slash
    outbox = home & slash & "outbox" & slash
    ' Ids made of the name: to run it again under the same name never buys twice, what was taken is answered DUPLICATE.
    strategy = ChrW(21160) & ChrW(37327)
    ' How many rows follow makes any cut visible.
    orders = "#ROWS,3" & vbLf & _
        "client_order_id,symbol,side,quantity,limit_price,strategy" & vbLf & _
        basket & "-1,600000.SH,BUY,1000,10.51," & strategy & vbLf & _
        basket & "-2,510300.SH,BUY,100000,4.013," & strategy & vbLf & _
        basket & "-3,000001.SZ,SELL,500,11.6," & strategy & vbLf
    before = Receipts(outbox, basket)

    Dim part As String, bytes() As Byte, file As Integer
    part = inbox & basket & ".csv.part" ' a name that is never taken
    If Dir(part) <> "" Then Kill part
    bytes = ChrW(65279) & orders ' the text as UTF-16 with its mark, which any Windows writes alike
    file = FreeFile
    Open part For Binary Access Write As #file
    Put #file, , bytes
    Close #file
    Name part As inbox & basket & ".csv" ' the whole file appears at once

    Dim deadline As Date, tick As Date, found As Variant, receipt As String
    deadline = Now + TimeSerial(0, 1, 0)
    Do
        If Now > deadline Then Err.Raise 514, "EmitBasket", "no receipt after 60 s: is filebridge running?"
        tick = Now + TimeSerial(0, 0, 1)
        Do While Now < tick: DoEvents: Loop
        For Each found In Split(Receipts(outbox, basket), "|")
            If found <> "" And InStr(before, "|" & found & "|") = 0 Then receipt = found
        Next
    Loop While receipt = ""

    Dim lines() As String, cells() As String, row As Long, refused As Boolean
    file = FreeFile
    Open outbox & receipt For Binary Access Read As #file
    ReDim bytes(LOF(file) - 1)
    Get #file, , bytes
    Close #file
    ' The first line names the columns, the last one is #END. The first ten columns hold no comma and no quotation mark;
    ' VBA reads them as ANSI, so let the basket's name be letters and digits.
    lines = Split(StrConv(bytes, vbUnicode), vbLf)
    For row = 1 To UBound(lines) - 2
        cells = Split(lines(row), ",")
        EmitBasket = EmitBasket & cells(0) & " " & cells(1) & " " & cells(8) & " " & cells(9) & vbLf
        If InStr("|ACCEPTED|CANCEL_ACCEPTED|DUPLICATE|", "|" & cells(8) & "|") = 0 Then refused = True
    Next
    If refused Then Err.Raise 513, "EmitBasket", "not taken:" & vbLf & EmitBasket
End Function

' The receipts for files of this name, as |first|second|.
Private Function Receipts(ByVal outbox As String, ByVal basket As String) As String
    Dim found As String
    Receipts = "|"
    found = Dir(outbox & basket & ".*.receipt.csv")
    Do While found <> ""
        Receipts = Receipts & found & "|"
        found = Dir()
    Loop
End Function
