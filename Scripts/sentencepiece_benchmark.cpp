// Encodes the lines of a file with libsentencepiece, for Scripts/tokenizer_benchmark.py: prints one JSON object.
//
//   sentencepiece_benchmark MODEL LINES RUNS
#include <sentencepiece_processor.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

static double milliseconds(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

int main(int argc, char **argv) {
  if (argc != 4) return 64;
  const auto opening = std::chrono::steady_clock::now();
  sentencepiece::SentencePieceProcessor processor;
  if (!processor.Load(argv[1]).ok()) return 66;
  const double open = milliseconds(opening);
  std::ifstream file(argv[2]);
  std::vector<std::string> lines;
  size_t bytes = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    bytes += line.size();
    lines.push_back(line);
  }
  std::vector<double> times;
  std::vector<int> ids;
  size_t tokens = 0;
  const int runs = std::atoi(argv[3]);
  for (int run = 0; run < runs + 1; ++run) {
    tokens = 0;
    const auto start = std::chrono::steady_clock::now();
    for (const auto &line : lines) {
      if (!processor.Encode(line, &ids).ok()) return 70;
      tokens += ids.size();
    }
    if (run > 0) times.push_back(milliseconds(start));
  }
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  std::printf("{\"bytes\": %zu, \"tokens\": %zu, \"median_ms\": %.4f, \"megabytes_per_second\": %.4f, \"open_ms\": %.4f}\n",
              bytes, tokens, median, bytes / median / 1e3, open);
}
