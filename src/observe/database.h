// SPDX-License-Identifier: Apache-2.0
// A file of SQLite, whose calls return Results. What was committed is on the disk: WAL, and a flush
// at each commit.
//
// Ownership: a Statement borrows its Database. Threading: one thread at a time; any number of
// processes and of Databases may have the same file open.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

class Statement {
 public:
  // Parameters are counted from 1 and hold until they are bound anew; texts and bytes are copied.
  Statement& bind(int parameter, int64_t value);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, std::span<const std::byte> bytes);

  // Whether there is a row; the first call begins. Errors: those of Database::execute().
  Result<bool> step();
  // Runs to the end, of which no row is wanted, and is ready to be run again. Errors: as step().
  Result<void> run();
  void reset();

  // Of the row, columns counted from 0. Texts and bytes are valid until the next step.
  int64_t integer(int column) const;
  std::string_view text(int column) const;
  std::span<const std::byte> bytes(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  Statement(sqlite3_stmt* statement, std::string file)
      : statement_(statement), file_(std::move(file)) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string file_;  // what errors call it
};

class Database {
 public:
  enum class Access { kWrite, kRead };

  // Made where it is not there, for its owner only, unless it is only to be read; then `schema`
  // (statements of which each says IF NOT EXISTS) is run. Errors: kNotFound (nothing to read),
  // kCorrupt (no database, or a damaged one), kUnavailable (permission, disk full, locked for 5 s).
  static Result<Database> open(const std::filesystem::path& path, Access access,
                               const char* schema);

  Result<void> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
  };

  Database(sqlite3* database, std::string file) : database_(database), file_(std::move(file)) {}

  std::unique_ptr<sqlite3, Close> database_;
  std::string file_;
};

// What is done while it lives becomes true as a whole by commit(), or not at all. It waits for
// other writers from its beginning on.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;  // null once it is over
};

}  // namespace hearth
