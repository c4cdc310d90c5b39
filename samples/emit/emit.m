function emit(home, name)
% 把一篮子委托安全地交给 filebridge，并读回执。用法：emit('目录', '文件名')
% Hand a basket over safely and read the receipt; an error if a row was not taken:
%   matlab -batch "emit('my-home', 'basket-1')"      octave --eval "emit('my-home', 'basket-1')"

% Ids made of the name: to run it again under the same name never buys twice, what was taken is answered DUPLICATE.
orders = {[name '-1'], '600000.SH', 'BUY',    1000, 10.51, '动量'
          [name '-2'], '510300.SH', 'BUY',  100000, 4.013, '动量'
          [name '-3'], '000001.SZ', 'SELL',    500, 11.6,  '动量'}';
receipts = @() {dir(fullfile(home, 'outbox', [name '.*.receipt.json'])).name};
before = receipts();

part = fullfile(home, 'inbox', [name '.csv.part']);  % a name that is never taken
file = fopen(part, 'w', 'n', 'UTF-8');
fprintf(file, '#ROWS,%d\n', size(orders, 2));        % makes any cut visible
fprintf(file, 'client_order_id,symbol,side,quantity,limit_price,strategy\n');
fprintf(file, '%s,%s,%s,%d,%.4f,%s\n', orders{:});
fclose(file);
[moved, why] = movefile(part, fullfile(home, 'inbox', [name '.csv']));  % the whole file appears at once
assert(moved == 1, why);

began = tic;
while isempty(setdiff(receipts(), before))
    assert(toc(began) < 60, 'no receipt after 60 s: is filebridge running?');
    pause(0.1);
end
new = setdiff(receipts(), before);
file = fopen(fullfile(home, 'outbox', new{1}), 'r', 'n', 'UTF-8');
receipt = jsondecode(fread(file, '*char')');
fclose(file);
rows = receipt.rows;
if ~iscell(rows), rows = num2cell(rows); end         % rows that say more than others come as cells
taken = true(size(rows));
for k = 1:numel(rows)
    row = rows{k};
    fprintf('%d %s %s %s %s\n', row.row, row.client_order_id, row.outcome, row.reason_code, row.message);
    taken(k) = ismember(row.outcome, {'ACCEPTED', 'CANCEL_ACCEPTED', 'DUPLICATE'});
end
assert(all(taken), 'some rows were not taken');
end
