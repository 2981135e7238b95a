//===- JinjaSyntax.h - syntax tree and parser of chat templates -----------===//
//
// The part of Jinja that chat templates use. Jinja is the language of chat templates in the model files; it is read at
// compile time only, by ChatForm, which turns a template into data.
//
// Lines are handled as the templates' authors see them in `transformers`: trim_blocks and lstrip_blocks are on, one
// newline at the end of the template goes. Not in the subset: include, import, extends, block, call and filter
// blocks, recursive loops, keyword-only parameters; they are syntax errors that name the construct.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_IMPORT_TEXT_JINJASYNTAX_H
#define TRAFO_IMPORT_TEXT_JINJASYNTAX_H

#include "lib/Import/Text/JinjaValue.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trafo::jinja {

/// Why a template was not read or not run to its end.
struct Failure {
  enum class Kind {
    Syntax, ///< not in the subset
    Value,  ///< an operation its values do not allow, an unknown filter or function
    Budget, ///< too many steps, too much output, nested too deep
    Refused ///< the template called raise_exception
  };
  Kind kind;
  std::string message; ///< begins with "line N: "
};

struct Expression {
  enum class Kind {
    Literal,   ///< value
    Name,      ///< text
    ListOf,    ///< operands
    DictOf,    ///< operands: key, value, key, value ...
    Attribute, ///< operands[0] . text
    Index,     ///< operands[0] [operands[1]]
    Slice,     ///< operands[0] [operands[1] : operands[2] : operands[3]], null where left out
    Call,      ///< operands[0] (operands[1...]); `names` holds keywords, "" for positional
    Filter,    ///< operands[0] | text (operands[1...])
    Test,      ///< operands[0] is text (operands[1...])
    Not,
    Negate,
    Binary, ///< text is the operator
    And,
    Or,
    Choose ///< operands[1] if operands[0] else operands[2] (null: undefined)
  };
  Kind kind;
  unsigned line = 0;
  unsigned depth = 1; ///< of the tree below
  Value value;
  std::string text;
  std::vector<std::unique_ptr<Expression>> operands;
  std::vector<std::string> names; ///< of the arguments, as `operands` from 1 on
};

struct Statement {
  enum class Kind {
    Text,    ///< text
    Print,   ///< expression
    If,      ///< branches; a branch without condition is the else
    For,     ///< for targets in expression if condition: body, else: alternative
    Set,     ///< targets[0] (.member) = expression
    Capture, ///< set targets[0] %} body {% endset
    Macro,   ///< macro
    Break,
    Continue
  };
  struct Branch {
    std::unique_ptr<Expression> condition;
    std::vector<Statement> body;
  };
  Kind kind;
  unsigned line = 0;
  std::string text;
  std::string member;
  std::vector<std::string> targets;
  std::unique_ptr<Expression> expression;
  std::unique_ptr<Expression> condition;
  std::vector<Branch> branches;
  std::vector<Statement> body;
  std::vector<Statement> alternative;
  std::unique_ptr<MacroNode> macro;
};

struct MacroNode {
  std::string name;
  std::vector<std::string> parameters;
  std::vector<std::unique_ptr<Expression>> defaults; ///< as `parameters`, null where there is none
  std::vector<Statement> body;
};

struct Template {
  std::vector<Statement> body;
};

/// Limits on hostile templates. Real ones are up to some 30 KB, nest up to 8 blocks and 12 operators.
inline constexpr size_t kMaxTemplateBytes = size_t{256} << 10;
inline constexpr unsigned kMaxBlockNesting = 64;
inline constexpr unsigned kMaxExpressionDepth = 128;

/// Reads a template. Time and memory are linear in its length.
std::optional<Failure> parseTemplate(std::string_view source, Template *out);

} // namespace trafo::jinja

#endif // TRAFO_IMPORT_TEXT_JINJASYNTAX_H
