// 把一篮子委托安全地交给 filebridge，并读回执。用法：emit 目录 文件名
// Hand a basket over safely and read the receipt: g++ -std=c++17 emit.cpp -o emit && ./emit HOME NAME
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

namespace fs = std::filesystem;
using namespace std::chrono;

std::set<fs::path> receipts(const fs::path& outbox, const std::string& name) {
    std::set<fs::path> found;
    const std::string end = ".receipt.csv";
    for (const auto& entry : fs::directory_iterator(outbox)) {
        const std::string file = entry.path().filename().u8string();
        if (file.rfind(name + ".", 0) == 0 && file.size() > end.size() && file.substr(file.size() - end.size()) == end)
            found.insert(entry.path());
    }
    return found;
}

int main(int, char** arguments) {
    const fs::path inbox = fs::path(arguments[1]) / "inbox", outbox = fs::path(arguments[1]) / "outbox";
    const std::string name = arguments[2];
    const auto before = receipts(outbox, name);

    const fs::path part = inbox / (name + ".csv.part");  // a name that is never taken
    std::ofstream file(part, std::ios::binary);
    // Ids made of the name: to run it again under the same name never buys twice, what was taken is answered DUPLICATE.
    file << "#ROWS,3\n"  // how many follow: makes any cut visible
         << "client_order_id,symbol,side,quantity,limit_price,strategy\n"
         << name << "-1,600000.SH,BUY,1000,10.51,\xE5\x8A\xA8\xE9\x87\x8F\n"  // 动量 in UTF-8
         << name << "-2,510300.SH,BUY,100000,4.013,\xE5\x8A\xA8\xE9\x87\x8F\n"
         << name << "-3,000001.SZ,SELL,500,11.6,\xE5\x8A\xA8\xE9\x87\x8F\n";
    file.close();
    if (!file) return std::cerr << "cannot write " << part << "\n", 2;
    fs::rename(part, inbox / (name + ".csv"));  // the whole file appears at once

    for (auto deadline = steady_clock::now() + 60s; steady_clock::now() < deadline; std::this_thread::sleep_for(100ms)) {
        for (const auto& path : receipts(outbox, name)) {
            if (before.count(path)) continue;
            std::ifstream receipt(path);
            std::string line, cell;
            bool refused = false;
            std::getline(receipt, line);  // the names of the columns
            // Of a receipt the first ten columns hold no comma and no quotation mark; the last line is #END.
            while (std::getline(receipt, line) && line.rfind("#END", 0) != 0) {
                std::vector<std::string> cells;
                for (std::istringstream rest(line); std::getline(rest, cell, ',');) cells.push_back(cell);
                const std::string& outcome = cells[8];
                std::cout << cells[0] << " " << cells[1] << " " << outcome << " " << cells[9] << "\n";
                refused |= outcome != "ACCEPTED" && outcome != "CANCEL_ACCEPTED" && outcome != "DUPLICATE";
            }
            return refused;
        }
    }
    return std::cerr << "no receipt after 60 s: is filebridge running?\n", 2;
}
