#include "parser/operators.h"

namespace sonde::parser {

std::string_view Spelling(UnaryOp op) {
  switch (op) {
    case UnaryOp::kNot:
      return "!";
    case UnaryOp::kBitNot:
      return "~";
    case UnaryOp::kNegate:
      return "-";
    case UnaryOp::kPlus:
      return "+";
    case UnaryOp::kDereference:
      return "*";
    case UnaryOp::kAddressOf:
      return "&";
  }
  return "";
}

std::string_view Spelling(BinaryOp op) {
  switch (op) {
    case BinaryOp::kMul:
      return "*";
    case BinaryOp::kDiv:
      return "/";
    case BinaryOp::kMod:
      return "%";
    case BinaryOp::kAdd:
      return "+";
    case BinaryOp::kSub:
      return "-";
    case BinaryOp::kShl:
      return "<<";
    case BinaryOp::kShr:
      return ">>";
    case BinaryOp::kLt:
      return "<";
    case BinaryOp::kLe:
      return "<=";
    case BinaryOp::kGt:
      return ">";
    case BinaryOp::kGe:
      return ">=";
    case BinaryOp::kEq:
      return "==";
    case BinaryOp::kNe:
      return "!=";
    case BinaryOp::kBitAnd:
      return "&";
    case BinaryOp::kBitXor:
      return "^";
    case BinaryOp::kBitOr:
      return "|";
    case BinaryOp::kLogicalAnd:
      return "&&";
    case BinaryOp::kLogicalOr:
      return "||";
  }
  return "";
}

std::string_view Spelling(TypeName::Tag tag) {
  switch (tag) {
    case TypeName::Tag::kNone:
      return "";
    case TypeName::Tag::kStruct:
      return "struct";
    case TypeName::Tag::kUnion:
      return "union";
    case TypeName::Tag::kEnum:
      return "enum";
  }
  return "";
}

}  // namespace sonde::parser
