"""One row a construct of the language: a right script and ways to damage it, each of which must be refused.

A row is (name, right script, [(what, wrong script), …]). The right script is there for the reader, and for the check
that a row is about what it says: tests/live and tests/cases run such scripts.
"""

P = "tracepoint:syscalls:sys_enter_openat"


def body(text):
    """Statements of a probe."""
    return f"{P} {{ {text} }}"


# Statements and expressions, inside a probe's body.
STATEMENTS = {
    "assign-variable": ["$x = ;", "$x 1;", "$ = 1;", "= 1;", "$x = = 1;", "1 = $x;", "pid = 1;", "$x =+ ;"],
    "assign-map": ["@x[ = 1;", "@x[1 = 1;", "@x] = 1;", "@x[1]] = 1;", "@x[,] = 1;", "@x[1,,2] = 1;", "@1x = 1;"],
    "compound-assign": ["$x += ;", "@x -= ;", "@x *== 2;", "$x <<<= 1;", "1 += 1;", "@x ** 2;"],
    "increment": ["++;", "$x+++;", "1++;", "pid++;", "++1;", "@x++ ++;", "(@x)+++1+;"],
    "if": ["if { }", "if () { }", "if (1 { }", "if 1) { }", "if (1) ", "if (1) { ", "if (1) { } else", "else { }"],
    "else-if": ["if (1) { } else if { }", "if (1) { } else if () { }", "if (1) { } else else { }"],
    "ternary": ["$x = 1 ? 2;", "$x = 1 ? : ;", "$x = 1 : 2;", "$x = ? 1 : 2;", "$x = 1 ? 2 : ;"],
    "unroll": ["unroll { }", "unroll () { }", "unroll (2) ", "unroll (2 { }", "unroll 2) { }", 'unroll ("x") { }'],
    "while": ["while { }", "while () { }", "while (1", "while (1) ", "while (1) { "],
    "for-range": ["for { }", "for ($i : ) { }", "for ($i : 0..) { }", "for ($i : ..1) { }", "for (i : 0..1) { }"],
    "for-map": ["for ($kv : ) { }", "for ($kv @m) { }", "for (@m : $kv) { }", "for ($kv : @never) { }", "for $kv : @m"],
    "jump": ["break 1;", "continue continue;", "return return;", "break;", "continue;"],
    "let": ["let;", "let x;", "let $x: ;", "let $x = ;", "let $x: nosuchtype = 1;", "let 1;", "let $x; let $x;"],
    "discard": ["_ = ;", "_;", "_ 1;"],
    "block": ["{ ", "} ", "{ { } ", "{ $x = 1 } }"],
    "block-expression": ["$x = { 1; };;;)", "$x = { ;", "$x = { };", "$x = { $y = 1; };"],
    "binary": ["$x = 1 + ;", "$x = * 2;", "$x = 1 2;", "$x = 1 + + ;", "$x = 1 <> 2;", "$x = 1 =< 2;", "$x = 1 % ;"],
    "logical": ["$x = 1 && ;", "$x = || 1;", "$x = 1 &&& 2;", "$x = 1 | | 2;"],
    "unary": ["$x = !;", "$x = ~;", "$x = -;", "$x = &;", "$x = *;", "$x = *1.5;"],
    "parenthesis": ["$x = (1;", "$x = 1);", "$x = ();)", "$x = ((1);", "$x = (1]);"],
    "cast": ["$x = (uint64);", "$x = (uint64 1;", "$x = (struct) 1;", "$x = (nosuch_t *) 1 +;", "$x = (uint64)\"a\";"],
    "tuple": ["$x = (1,;", "$x = (,1);", "$x = (1,,2);", "$x = (1, 2).5;", "$x = (1, 2).a;"],
    "record": ["$x = (a=);", "$x = (a=1,b);;)", "$x = (=1);", "$x = (a=1, a=2);", "$x = (a=1).b;"],
    "field": ["$x = args.;", "$x = args->;", "$x = args.1x;", "$x = args..dfd;", "$x = pid.field;", "$x = 1->x;"],
    "index": ["$x = args.dfd[0];", "$x = pid[1];", "$x = args[;", "$x = \"a\"[0;"],
    "integer": ["$x = 0x;", "$x = 08;", "$x = 99999999999999999999;", "$x = 1e;", "$x = 1zz;", "$x = 0b;"],
    "string": ['printf("', 'printf("\\q");', "printf('x');", 'printf("a\n");', 'printf("\\x");', '$x = "a" + 1;'],
    "positional": ["$x = $1x;", "$x = $99999999999999999999;", "$# = 1;", "$1 = 2;"],
    "sizeof": ["$x = sizeof();", "$x = sizeof(;", "$x = sizeof(struct);", "$x = sizeof(struct no_such_struct);"],
    "offsetof": ["$x = offsetof();", "$x = offsetof(struct x);", "$x = offsetof(struct x, );", "$x = offsetof(1, 2);"],
    "address": ["$x = &;", "$x = &1;", "$x = & &$y;", "$x = *pid.x;"],
    # --- wrong names
    "unknown-name": ["$x = nosuch;", "$x = Pid;", "$x = curtsk;", "print(nosuch);", "$x = $never;", "$x = NO_SUCH_MACRO;"],
    "unknown-function": ["nosuch();", "prinf(\"x\");", "$x = strlne(\"x\");", "count();", "@x = cuont();"],
    "unknown-field": ["$x = args.nosuch;", "$x = args.filenam;", "$x = args->dfdd;", "$x = args.__x;", "$x = curtask.x.y;"],
    # --- wrong types and counts
    "printf": ["printf();", "printf(1);", "printf(comm);", 'printf("%d");', 'printf("%d", 1, 2);', 'printf("%");',
               'printf("%d", "x");', 'printf("%y", 1);', 'printf("%d %d", 1);', 'printf("%.", 1);',
               'printf("x", );', 'printf("%d" 1);', 'printf "x";', 'printf("%ll", 1);', 'printf("%s", @nothing_there);'],
    "print": ["print();", "print(@never);", "print(1, 2);", "@a[1] = 1; print(@a, \"x\");", "print(@a, 1, 2, 3);"],
    "join": ["join();", "join(1);", 'join("x");', "join(args.dfd);", "join(args.filename, 1);", "join(1, 2, 3);"],
    "str": ["$x = str();", '$x = str("a");;)', "$x = str(1, 2, 3);", "$x = str(comm, comm);", '$x = str(args.filename, "x");'],
    "count": ["@x = count(1);", "$x = count();", "@x = count() + ;", "@x = 1; @x = count();"],
    "sum": ["@x = sum();", '@x = sum("a");', "@x = sum(1, 2);", "@x = sum(comm);", "@x = count(); @x = sum(1);"],
    "hist": ["@x = hist();", '@x = hist("a");', "@x = hist(1, 2, 3);", "@x = hist(1, 77);", "$x = hist(1);"],
    "lhist": ["@x = lhist();", "@x = lhist(1);", "@x = lhist(1, 2);", "@x = lhist(1, 2, 3);", "@x = lhist(1, 10, 0, 1);",
              "@x = lhist(1, 0, 10, 0);", "@x = lhist(1, 0, 10, pid);", '@x = lhist("a", 0, 10, 1);'],
    "delete": ["delete();", "delete(1);", "@x[1] = 1; delete(@x, \"a\");", "@x[1] = 1; delete(@x, 1, 2, 3);"],
    "clear": ["clear();", "clear(1);", "clear(@never);", "@x = 1; clear(@x, @x);", "@x[1] = 1; clear(@x[1]);"],
    "zero": ["zero();", "zero(pid);", "zero(@never);", "@x = 1; zero(@x, 1);"],
    "has_key": ["$x = has_key();", "$x = has_key(@x);", "$x = has_key(1, 2);", "@x[1] = 1; $x = has_key(@x, \"a\");"],
    "exit": ['exit("x");', "exit(1, 2);", "exit;;)", "$x = exit();"],
    "time": ["time(1);", "time(\"%H\", 2);", "$x = time();", "time(pid);"],
    "strftime": ["$x = strftime();", "$x = strftime(1, 2);", '$x = strftime("%H");', '$x = strftime("%H", "x");'],
    "key-types": ['@x[1] = 1; @x["a"] = 1;', "@x[1] = 1; @x[1, 2] = 1;", "@x = 1; @x[1] = 1;", "@x[1] = 1; $y = @x;"],
    "value-types": ['@x = 1; @x = "a";', '$x = 1; $x = "a";', "@x = count(); @x = 1;", '@x = "a"; @x++;', '@x["a"]++ ; @x = 2;'],
    "arithmetic-types": ['$x = "a" * 2;', "$x = comm + 1;", '$x = !"a" + ;', '$x = "a" < 1;', "$x = -comm;", '$x = "a" && ;',
                         '$x = "a" == 1;', "$x = comm == 1;", "$x = ~comm;", "@x = 1 << comm;"],
    "condition-types": ['if ("a") { } }', "if ((1, 2)) { }", "if (exit()) { }", "while (exit()) { }"],
    "division": ["$x = 1 / ;", "$x = / 1;"],
}

# Whole scripts: what stands outside bodies.
SCRIPTS = {
    "empty": ["", " ", "\n\n", "// nothing\n", "/* nothing */", "#!/usr/bin/env sonde\n", ";", "\t"],
    "comment": ["/* never closed", "BEGIN { } /* never closed", "*/ BEGIN { }", "BEGIN { /* } ", "/ BEGIN { }", "/*/ BEGIN {}"],
    "probe": ["BEGIN", "BEGIN {", "BEGIN }", "{ }", "BEGIN { } }", "BEGIN BEGIN { }", "BEGIN { } {", "BEGIN ( )", "BEGIN {{}"],
    "probe-list": [f"{P}, {{ }}", f", {P} {{ }}", f"{P},,{P} {{ }}", f"{P} {P} {{ }}", f"{P}, BEGIN, {{ }}"],
    "probe-type": ["nosuch:x:y { }", "tracepont:syscalls:sys_enter_openat { }", ":: { }", "t { }", "begn { }", "1:2 { }"],
    "tracepoint-spec": ["tracepoint { }", "tracepoint: { }", "tracepoint:syscalls { }", "tracepoint:syscalls: { }",
                        "tracepoint::sys_enter_openat { }", "tracepoint:syscalls:sys_enter_openat:x { }",
                        "tracepoint:nosuch:sys_enter_openat { }", "tracepoint:syscalls:sys_enter_nosuch { }",
                        "tracepoint:syscalls:sys_enter_opneat { }", "tracepoint:nosuch:* { }", "tracepoint:syscalls:nosuch* { }"],
    "interval-spec": ["interval { }", "interval:s { }", "interval:s: { }", "interval:s:0 { }", "interval:s:x { }",
                      "interval:parsec:1 { }", "interval:s:1:2 { }", "interval:s:-1 { }", "interval:hz:99999999999999 { }"],
    "begin-spec": ["BEGIN:x { }", "END:1 { }", "begin: { }", "Begin { }", "eNd { }"],
    "kprobe-spec": ["kprobe { }", "kprobe: { }", "kretprobe: { }", "kprobe:no_such_function_anywhere { }"],
    "predicate": [f"{P} / {{ }}", f"{P} // {{ }}", f"{P} /1 {{ }}", f"{P} 1/ {{ }}", f"{P} /1/ ", f"{P} /1/ /2/ {{ }}",
                  f"{P} /pid ==/ {{ }}", f"{P} /nosuch == 1/ {{ }}", f"{P} /pid == \"a\"/ {{ }}", f"{P} /$x = 1/ {{ }}",
                  f"{P} /{{ }}/ {{ }}"],
    "args-outside": ["BEGIN { $x = args.dfd; }", "END { $x = args; }", "interval:s:1 { $x = args.x; }", "BEGIN { join(args.argv); }"],
    "config": ["config { }", "config = ", "config = {", "config = { max_strlen }", "config = { max_strlen= }",
               "config = { nosuch=1 } BEGIN { }", "config = { max_strlen=\"x\" } BEGIN { }", "config = { missing_probes=maybe } BEGIN { }",
               "BEGIN { } config = { max_strlen=1", "config = { max_map_keys=0 } BEGIN { }", "config = { = 1 } BEGIN { }"],
    "import": ["import", "import x", "import \"", "import \"/no/such/file.bt\" BEGIN { }", "import 1; BEGIN { }"],
    "map-declaration": ["let @x", "let @x = ; BEGIN { }", "let @x = hash; BEGIN { }", "let @x = hash(; BEGIN { }",
                        "let @x = nosuch(1); BEGIN { @x[1] = 1 }", "let @x = hash(\"a\"); BEGIN { @x[1] = 1 }", "let x = hash(1); BEGIN { }"],
    "macro": ["macro", "macro x", "macro x(", "macro x()", "macro x() {", "macro x($a,) { 1 }}", "macro 1() { 1 } BEGIN { }",
              "macro x($a $b) { 1 } BEGIN { }", "macro x() { x() } BEGIN { $y = x(); }", "macro x(a) { a } BEGIN { $y = x(1, 2); }"],
    "c-struct": ["struct x BEGIN { }", "struct x { BEGIN { }", "struct { int a BEGIN { }", "struct x { nosuch_t a; }; BEGIN { }",
                 "struct x { int a; } BEGIN { $y = (struct x *)0; $z = $y->b; }", "union x {", "enum e {", "enum e { A = }; BEGIN { }",
                 "struct x { int a; }; BEGIN { $z = ((struct nosuch *)0)->a; }"],
    "c-include": ["#include\nBEGIN { }", "#include <no/such/header.h>\nBEGIN { }", "#include \"no_such.h\"\nBEGIN { }", "#include <stdio.h"],
    "c-define": ["#define\nBEGIN { }", "#define X (1 +\nBEGIN { $x = X; }", "#nosuch\nBEGIN { }", "#define X\nBEGIN { $y = X; }",
                 "#define X X\nBEGIN { $y = X; }", "#if 1\nBEGIN { }"],
    "stray": ["BEGIN { } ?", "BEGIN { $x = 1 ` 2 }", "BEGIN { $x = 1 \\ 2 }", "BEGIN { @@ }", "BEGIN { $$ }", "BEGIN { # }", "é { }",
              "BEGIN { é = 1 }", "\ufeffx { }", "BEGIN { $é = 1 }", "BEGIN \u200b{ x }", "!", "@", "$", "{", "}", "/", "\"", "'", "("],
    "other-language": ["int main(void) { return 0; }", "#!/bin/sh\necho hello\n", "print('hello')", "{\"type\": \"json\"}",
                       "<html></html>", "probe syscall.open { println(execname()) }", "syscall::open:entry { trace(execname); }",
                       "SELECT 1;", "BEGIN { print \"awk\" }", "---\nyaml: 1\n"],
}


def scripts():
    """(name, script) of every damaged construct."""
    for name, wrong in STATEMENTS.items():
        for number, text in enumerate(wrong, 1):
            yield f"{name}-{number}", body(text)
    for name, wrong in SCRIPTS.items():
        for number, text in enumerate(wrong, 1):
            yield f"{name}-{number}", text
