#include "lib/Import/Text/JinjaEvaluator.h"

#include <gtest/gtest.h>

namespace trafo::jinja {
namespace {

constexpr uint64_t kSteps = 1000000;

/// What a template prints, or "kind: message" of its failure.
std::string render(std::string_view source, Value::Dict globals = {}) {
  Template parsed;
  std::string out;
  std::optional<Failure> failure = parseTemplate(source, &parsed);
  if (!failure) {
    uint64_t steps = kSteps;
    globals.emplace_back("text", Value::string("Ab cd"));
    globals.emplace_back("list", Value::list({Value::integer(1), Value::integer(2), Value::integer(3)}));
    globals.emplace_back("pair", Value::dict({{"a", Value::integer(1)}, {"b", Value::string("x")}}));
    failure = renderTemplate(parsed, std::move(globals), &steps, &out);
  }
  if (!failure)
    return out;
  static const char *const kKinds[] = {"syntax: ", "value: ", "budget: ", "refused: "};
  return kKinds[static_cast<int>(failure->kind)] + failure->message;
}

struct Case {
  const char *source;
  const char *expected;
};

/// Expected texts are what Jinja 3.1 prints with trim_blocks and lstrip_blocks.
void check(std::initializer_list<Case> cases) {
  for (const Case &entry : cases)
    EXPECT_EQ(render(entry.source), entry.expected) << entry.source;
}

TEST(Jinja, whiteSpaceAroundTags) {
  check({{"a\n", "a"},
         {"a\n\n", "a\n"},
         {"a\r\nb\rc", "a\nb\nc"},
         {"x\n  {% if true %}\n  y\n  {% endif %}\nz", "x\n  y\nz"},
         {"  {{ 1 }}\n  {# note #}\nb", "  1\nb"},
         {"a {%- if true %} b {%- endif %} c", "a b c"},
         {"a \n {{- 1 -}} \n b", "a1b"},
         {"a\n{% if true -%}\n\n b{% endif %}", "a\nb"},
         {" {%+ if true +%}\nb{% endif %}", " \nb"},
         {"a {% if true %}b{% endif %}", "a b"},
         {"{% raw %}{{ x }}{% endraw %}!", "{{ x }}!"}});
}

TEST(Jinja, expressions) {
  check({{"{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 3 }}",
          "7 9 3 -4 2 3.5 8"},
         {"{{ 'a' + \"b\" ~ 1 ~ true ~ none }}", "ab1TrueNone"},
         {"{{ 'ab' * 3 }}{{ 2 * 'x' }}", "abababxx"},
         {"{{ 1 < 2 and not 2 < 1 or false }}", "True"},
         {"{{ 'b' in text }} {{ 2 in list }} {{ 'a' in pair }} {{ 4 not in list }}", "True True True True"},
         {"{{ 'yes' if list else 'no' }}{{ 'x' if false }}", "yes"},
         {"{{ none or 'b' }} {{ '' and 'b' }}", "b "},
         {"{{ list[0] }}{{ list[-1] }}{{ list[9] }}{{ pair.a }}{{ pair['b'] }}{{ pair.c }}", "131x"},
         {"{{ list[1:] }} {{ list[:-1] }} {{ list[::-1] }} {{ text[1:3] }} {{ list[5:] }}",
          "[2, 3] [1, 2] [3, 2, 1] b  []"},
         {"{{ [1, 'a', none, 1.5, {'k': true}] }} {{ (1, 2)[1] }}", "[1, 'a', None, 1.5, {'k': True}] 2"},
         {"{{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' != 'b' }} {{ [1] == [1] }}", "True True True True"},
         {"{{ 'it\\'s\\n' }}{{ '\\u00e9\\x41' }}", "it's\n\xC3\xA9"
                                                   "A"},
         {"{{ nothing }}|{{ nothing is defined }}|{{ text is defined }}", "|False|True"}});
}

TEST(Jinja, statements) {
  check({{"{% for x in list %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ x }};{% endfor %}",
          "10TrueFalse1;21FalseFalse2;32FalseTrue3;"},
         {"{% for x in [] %}a{% else %}b{% endfor %}", "b"},
         {"{% for x in list if x != 2 %}{{ x }}{{ loop.length }}{% endfor %}", "1232"},
         {"{% for k, v in pair.items() %}{{ k }}={{ v }} {% endfor %}", "a=1 b=x "},
         {"{% for x in list %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% if x == 3 %}{% break %}{% endif %}"
          "{% endfor %}",
          "13"},
         {"{% set x = 1 %}{% for y in list %}{% set x = y %}{% endfor %}{{ x }}", "1"},
         {"{% set n = namespace(x=1) %}{% for y in list %}{% set n.x = n.x + y %}{% endfor %}{{ n.x }}", "7"},
         {"{% set a, b = 1, 2 %}{{ b }}{{ a }}", "21"},
         {"{% set x %}a{{ 1 }}{% endset %}{{ x }}{{ x }}", "a1a1"},
         {"{% if list|length == 2 %}a{% elif text == 'Ab cd' %}b{% else %}c{% endif %}", "b"},
         {"{% macro f(a, b='y') %}[{{ a }}{{ b }}]{% endmacro %}{{ f(1) }}{{ f(1, b=2) }}", "[1y][12]"},
         {"{% generation %}a{% endgeneration %}", "a"},
         {"{% for x in list %}{{ loop.previtem }}{{ loop.nextitem }},{% endfor %}", "2,13,2,"},
         {"{{ range(3)|list }}{{ range(1, 6, 2)|list }}", "[0, 1, 2][1, 3, 5]"}});
}

TEST(Jinja, filtersTestsAndMethods) {
  check(
      {{"[{{ ' a '|trim }}][{{ ' a '.strip() }}][{{ ' a '.lstrip() }}][{{ 'xax'.rstrip('x') }}]", "[a][a][a ][xa]"},
       {"{{ text|upper }} {{ text|lower }} {{ text|title }} {{ text|capitalize }}", "AB CD ab cd Ab Cd Ab cd"},
       {"{{ list|length }}{{ list|first }}{{ list|last }}{{ list|join('-') }}{{ text|replace('b', 'x') }}",
        "3131-2-3Ax cd"},
       {"{{ nothing|default('d') }}{{ ''|default('d', true) }}{{ '7'|int + 1 }}", "dd8"},
       {"{{ 'a,b'.split(',') }}{{ ' a  b '.split() }}{{ 'a,b,c'.split(',', 1) }}", "['a', 'b']['a', 'b']['a', 'b,c']"},
       {"{{ [pair, {}]|selectattr('a')|list|length }}{{ [pair, {}]|rejectattr('a', 'equalto', 1)|list }}", "1[{}]"},
       {"{{ text.startswith('Ab') }} {{ text.endswith('x') }} {{ pair.get('z', 3) }}", "True False 3"},
       {"{{ text is string }} {{ list is iterable }} {{ pair is mapping }} {{ none is none }} {{ 4 is even }} "
        "{{ 1 is not defined }} {{ 6 is divisibleby 3 }} {{ true is true }}",
        "True True True True True False True True"}});
}

TEST(Jinja, errorsSayWhere) {
  check({{"a\n{{ x", "syntax: line 2: a tag has no end"},
         {"\n\n{% foo %}", "syntax: line 3: 'foo' is not in the subset (for, if, set, macro, break, continue, raw)"},
         {"{% include 'x' %}",
          "syntax: line 1: 'include' is not in the subset (for, if, set, macro, break, continue, raw)"},
         {"{% if true %}", "syntax: line 1: the template ends before 'elif'"},
         {"{% break %}", "syntax: line 1: 'break' stands outside of a loop"},
         {"{{ 1 < 2 < 3 }}", "syntax: line 1: chained comparisons are not in the subset"},
         {"{{ ! }}", "syntax: line 1: a tag holds a character that is no part of the language"},
         {"{{ 1 + 'a' }}", "value: line 1: '+' does not take integer and string"},
         {"{{ nothing.x }}", "value: line 1: undefined has no attribute 'x'"},
         {"{{ text|tojson }}", "value: line 1: filter 'tojson' is not in the subset"},
         {"{{ text.format(1) }}", "value: line 1: string has no method 'format' in the subset"},
         {"{{ nothing() }}", "value: line 1: 'nothing' is undefined, not a function"},
         {"{{ 1 / 0 }}", "value: line 1: division by zero"},
         {"a\n{{ raise_exception('no ' + text) }}", "refused: line 2: no Ab cd"}});
}

// T17, T18, T19: budgets of steps, text and nesting.
TEST(Jinja, budgetsHold) {
  std::string deepList = "1", deepBlocks, deepIf, chain = "1";
  for (int level = 0; level < 10000; ++level) {
    deepList = "[" + deepList + "]";
    deepBlocks += "{% if true %}";
    deepIf += "{{ 1 if true else ";
    chain += "+1";
  }
  const std::string steps = "the template takes too many steps";
  const std::pair<std::string, std::string> cases[] = {
      {"{% for x in range(1000000000) %}{% endfor %}", steps},
      {"{% for x in range(9000) %}{% for y in range(9000) %}{% endfor %}{% endfor %}", steps},
      {"{{ 'a' * 1000000000 }}", "a text of 1 bytes times 1000000000, limit 1048576"},
      {"{{ 'aa' * 9000000000000000 }}", "a text of 2 bytes times 9000000000000000, limit 1048576"},
      {"{% set n = namespace(s='aaaaaaaaaaaaaaaa') %}{% for x in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}",
       "limit 1048576"},
      {"{% set s = 'a' * 1000 %}{% for x in range(2000) %}{{ s }}{% endfor %}", "limit 1048576"},
      {"{% set s = 'a' * 1000000 %}{% for x in range(2000) %}{% set t = s ~ '' %}{% endfor %}", steps},
      {"{% set n = namespace(l=[1]) %}{% for x in range(60) %}{% set n.l = n.l + n.l %}{% endfor %}", steps},
      {"{% set n = namespace(l=[1]) %}{% for x in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}", steps},
      {"{% set n = namespace(l=[1]) %}{% for x in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l == n.l }}",
       steps},
      {"{% set n = namespace(l=1) %}{% for x in range(100) %}{% set n.l = [n.l] %}{% endfor %}",
       "values nest deeper than 64"},
      {"{{ 9 ** 9 ** 9 ** 9 }}", "an integer leaves 64 bits"},
      {"{{ 1 ** 9000000000000000 }}", steps},
      {"{{ 999999999999999999 * 999999999999999999 }}", "an integer leaves 64 bits"},
      {"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "nest deeper than 64"},
      {"{% macro f(a) %}{{ a }}{{ g(a) }}{% endmacro %}{% macro g(a) %}{{ f(a) }}{% endmacro %}{{ f(1) }}",
       "nest deeper than 64"},
      {"{{ " + deepList + " }}", "an expression nests deeper than 128"},
      {"{{ " + chain + " }}", "an expression nests deeper than 128"},
      {"{{ " + std::string(10000, '-') + "1 }}", "an expression nests deeper than 128"},
      {"{{ " + std::string(10000, '(') + "1 }}", "an expression nests deeper than 128"},
      {deepBlocks, "blocks nest deeper than 64"},
      {std::string((size_t{256} << 10) + 1, 'x'), "the template has 262145 bytes, limit 262144"}};
  for (const auto &entry : cases) {
    const std::string got = render(entry.first);
    EXPECT_EQ(got.substr(0, 8), "budget: ") << entry.first.substr(0, 80);
    EXPECT_NE(got.find(entry.second), std::string::npos) << got.substr(0, 200) << " for " << entry.first.substr(0, 80);
  }
}

// T20: nothing of the host can be reached, and a namespace cannot hold itself (it would never be freed).
TEST(Jinja, noWayOut) {
  check({{"{{ ''.__class__ }}", "value: line 1: attribute '__class__' is not for templates"},
         {"{{ text.__class__.__mro__ }}", "value: line 1: attribute '__class__' is not for templates"},
         {"{{ text.__class__() }}", "value: line 1: attribute '__class__' is not for templates"},
         {"{{ ''['__class__'] }}", ""},
         {"{{ raise_exception.__globals__ }}", "value: line 1: attribute '__globals__' is not for templates"},
         {"{{ self._TemplateReference__context }}",
          "value: line 1: undefined has no attribute '_TemplateReference__context'"},
         {"{{ strftime_now('%Y') }}", "value: line 1: 'strftime_now' is undefined, not a function"},
         {"{% set n = namespace() %}{% set n.n = n %}", "value: line 1: a namespace cannot be part of another value"},
         {"{% set n = namespace() %}{% set n.l = [n] %}", "value: line 1: a namespace cannot be part of another value"},
         {"{% set n = namespace() %}{% set n.d = dict(a=n) %}",
          "value: line 1: a namespace cannot be part of another value"},
         {"{% set n = namespace() %}{{ {'a': n} }}", "value: line 1: a namespace cannot be part of another value"}});
}

// A method's arguments may change the namespace the method is looked up in.
TEST(Jinja, argumentsMayChangeTheCalledNamespace) {
  check({{"{% set n = namespace(f=range) %}{% macro grow() %}{% for k in range(50) %}{% set n.a = k %}{% set n.b = k %}"
          "{% set n.c = k %}{% set n.d = k %}{% set n.e = k %}{% endfor %}{% endmacro %}{{ n.f(grow()|length + 2) }}",
          "[0, 1]"}});
}

} // namespace
} // namespace trafo::jinja
