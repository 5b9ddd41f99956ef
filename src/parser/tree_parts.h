// Half-made pieces of the tree, as the grammar passes them from rule to rule.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "parser/ast.h"

namespace sonde::parser {

struct NameToken {
  std::string text;
  Span span;
};

// Large nodes travel behind a pointer: the grammar's stack is as wide as its widest value.
using PendingType = std::unique_ptr<TypeName>;
using PendingEntry = std::unique_ptr<ConfigEntry>;

// Still mutable: the last statement of a block expression becomes its value.
using PendingStmt = std::unique_ptr<Stmt>;

struct StatementList {
  std::vector<PendingStmt> statements;
  bool last_is_terminated = true;  // by `;` or by its own `}`
  bool has_error = false;          // a statement is missing from the list

  void Add(PendingStmt statement, bool terminated) {
    statements.push_back(std::move(statement));
    last_is_terminated = terminated;
  }
};

// `if … {} else if … {}`, kept flat so that the parser's stack does not grow with it.
struct IfChain {
  struct Link {
    Span span;
    ExprPtr condition;
    BlockPtr block;
  };
  std::vector<Link> links;

  void Add(Span span, ExprPtr condition, BlockPtr block) {
    links.push_back({span, std::move(condition), std::move(block)});
  }
};

struct ForSource {
  ExprPtr first;
  ExprPtr end;  // null unless a range
};

}  // namespace sonde::parser
