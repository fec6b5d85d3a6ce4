# SPDX-License-Identifier: Apache-2.0
"""A deterministic generator of strings that tokenizers get wrong.

`hard_strings(seed, count, longest)` yields `count` distinct strings, the hand-written ones first,
then random ones drawn by category. It uses nothing but random.Random's getrandbits-based methods
(the same in every Python) and fixed ranges, never Python's own Unicode tables.
"""

import random

# Fixed: each one is here for a reason that a random draw seldom hits.
FIXED = [
    "", " ", "  ", "   ", "\n", "\r\n", "\n\n", "\t", "\r", " \n", "\n ", " \n ", "\n\n\n", "\r\r\n\n",
    "\0", "\0\0", "a\0b", "\x01\x02\x03", "\x04", ".\x04.", "!\x06\x06!", "\x13\x14\x16\x1d", "\x7f",
    "\x80", "\x85", "a\x85b", " \x85 ", "\u00a0", "a\u00a0b", "\u00a0\u00a0a", " \u00a0a", "\u00a0 a",
    "\u2028", "\u2029x", "a\u200bb", "\ufeffBOM", "\u202fx", "\u3000\u3000x", "\u1680x", "\u180ex",
    "\u2060", "\ufffd", "\ufffe", "\uffff", "\U0010ffff", "\U0001ffff", "\ue000", "\U000f0000",
    "\U00040000", "\U00080000", "\U000bffff", "a\U00050000b", "!\U00060000!", "..\U00070000..",
    "\U00100000", "\U000e0001", "\U000e0020\U000e007f", "\ud7ff", "\U00010000",
    "a", "A", " a", "a ", " a ", "  a", "a  ", "a  b", "a   b", "a\nb", "a\r\nb", "a \n b", "a\n\n b",
    "a\tb", "\ta", " \ta", "\t a", "\t\ta", "a\t\tb", "a \t b", "    a", "     a", "\n    a\n        b\n",
    "Hello, world!", "Hello  world", " Hello world ", "hello\nworld\n", "HELLO WORLD", "hElLo WoRlD",
    "it's", "it'S", "IT'S", "it\u2019s", "'s", "'S", " 's", "''s", "'s's's", "'re 're'RE", "you'LL", "I'd'Ve",
    "they've", "we'll", "I'm", "I'M", "don't", "DON'T", "'t't", "x'y", "'l", "'ll", "'lL", "'r", "'re", "'v", "'ve",
    "rock'n'roll", "'\u017f", "a'\u017f b", "'\u017ft", "'\u212a", "\u02bcs", "'\u0131", "o'clock", "'D", "'Dx", "1'st", "5's",
    "0", "1", "12", "123", "1234", "12345", "123456", "1234567", " 1", " 12", "1 2", "1  2", "a1", "1a", "a1b2c3",
    "3.14159", "1,000,000", "-1", "+1", "1e10", "0x1F", "1/2", "\u00bd", "\u00b2\u00b3", "x\u00b2", "\u2167", "\u3007",
    "\u0661\u0662\u0663", "\u0967\u0968\u0969", "\u0e51\u0e52", "\uff11\uff12", "\U0001d7d8\U0001d7d9", "1\u06612",
    "\u2460\u2461", "\u4e00\u4e8c\u4e09", "\u3220", "\u32c0", "\U0001f100", "\U00010107", "\U0001e8c7", "\U00011de0", "\U00016ff4a",
    "12\u0303", "\u06dd12", "1\u20e3", "\u0bf0", "\ua830", "\U00012400",
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_start|>user\nhi<|im_end|>\n", "<repo_name>", "<reponame>",
    "<file_sep>", "<empty_output>", "<jupyter_code>", "<gh_stars>", "<|im_start|", "<|im_start |>", "<|IM_START|>",
    "<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<s>", "</s>", "<unk>", "<pad>", "[INST]", "[/INST]", "<<SYS>>",
    "<bos>", "<start_of_turn>", "<0x0A>", "<0xFF>", "\u2581", "\u2581a\u2581b", "\u0120", "\u0120a", "\u010a", "\u0120\u0120the",
    "\u00c4\u00a0", "##ing", "[CLS]", "[MASK]",
    "\U0001f600", "\U0001f600\U0001f600", " \U0001f600", "a\U0001f600b", "\U0001f44d\U0001f3fd", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea", "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", "\u2764\ufe0f", "\u2764\ufe0f\u200d\U0001f525",
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "\u00a9\ufe0f", "#\ufe0f\u20e3",
    "e\u0301", "\u00e9", "\u1e9b\u0323", "\u0041\u030a", "\u00c5", "\u212b", "Z\u0351\u036b\u0343A\u0363\u0316", " \u0301", "\u0301", "\n\u0301",
    "\u1100\u1161\u11a8", "\uac01", "\ufb01", "\u01c4", "\u0130", "\u0131", "\u00df", "\u1e9e", "\u03a3\u03c3\u03c2",
    "\u0634\u0643\u0631\u0627", "\u0645\u064e\u0631\u0652\u062d\u064e\u0628\u064b\u0627", "\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", "\u202babc\u202c", "\u200fabc\u200e",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e04\u0e23\u0e31\u0e1a", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u4f60\u597d\uff0c\u4e16\u754c\u3002", "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c", "\uc548\ub155\ud558\uc138\uc694",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!", "\u0393\u03b5\u03b9\u03ac \u03c3\u03bf\u03c5", "na\u00efve caf\u00e9", "Gr\u00fc\u00dfe", "\u0219i \u021bar\u0103", "Ti\u1ebfng Vi\u1ec7t",
    "https://example.com/a/b?c=d&e=%20f#g", "http://[::1]:8080/", "me@example.co.uk", "C:\\Users\\x\\y.txt", "/usr/share/common-licenses",
    "foo_bar", "fooBar", "FooBar", "FOO_BAR", "foo-bar", "foo.bar()", "__init__", "$x", "@x", "#x", "a->b", "a::b", "!=", "===", "...", "......",
    "{}", "[]", "()", "({[<>]})", "``", "```", "\"\"\"", "\\n", "\\\\", "//", "/* */", "<!-- -->", "{{ x }}", "{% x %}", "!!!!!!", "!\n", "!\n\n", "!\r\n", " !\n a", "!a", "!1", ".a", " .a", "\n.a", "\t.a",
    "a\u00adb", "a\u200db", "a\u200cb", "\u00a1Hola!", "\u00bfQu\u00e9?", "\u201cquoted\u201d", "\u2026", "\u2014", "\u20ac5", "5\u20ac", "$5.00", "\u00ab x \u00bb",
    "                                ", "\n" * 40, "\t" * 20, "\r\n" * 10, " \n" * 10, "a" * 100, "=" * 80, "-" * 79, "ab" * 64,
    "1" * 64, "\u00e9" * 40, "\u4e2d" * 50, "\U0001f600" * 16, "\0" * 16, "\x04a" * 8, ". " * 30, " ." * 30, "' " * 20, "\u3000" * 16, "\u00a0" * 16,
]

# Name -> ranges of code points (inclusive).
SCRIPTS = {
    "ascii": [(0x20, 0x7E)], "letters": [(0x61, 0x7A), (0x41, 0x5A)], "latin1": [(0xA0, 0xFF)],
    "latin_ext": [(0x100, 0x24F), (0x1E00, 0x1EFF)], "ipa": [(0x250, 0x2AF), (0x2B0, 0x2FF)],
    "greek": [(0x370, 0x3FF), (0x1F00, 0x1FFF)], "cyrillic": [(0x400, 0x52F)],
    "armenian_georgian": [(0x530, 0x58F), (0x10A0, 0x10FF), (0x1C90, 0x1CBF)],
    "hebrew": [(0x591, 0x5F4)], "arabic": [(0x600, 0x6FF), (0x750, 0x77F), (0xFB50, 0xFDFF)],
    "syriac_nko": [(0x700, 0x74F), (0x7C0, 0x7FF)], "devanagari": [(0x900, 0x97F)],
    "indic": [(0x980, 0xDFF)], "thai_lao": [(0xE00, 0xE5B), (0xE80, 0xEDF)],
    "tibetan_myanmar": [(0xF00, 0xFDA), (0x1000, 0x109F)], "ethiopic": [(0x1200, 0x139F)],
    "khmer_mongolian": [(0x1780, 0x18AA)], "jamo": [(0x1100, 0x11FF)], "kana": [(0x3040, 0x30FF)],
    "cjk": [(0x4E00, 0x9FFF)], "cjk_ext": [(0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x30000, 0x3134A)],
    "hangul": [(0xAC00, 0xD7A3)], "cjk_punct": [(0x3000, 0x303F), (0xFF00, 0xFFEF)],
    "yi_vai_lisu": [(0xA000, 0xA4CF), (0xA500, 0xA63F)], "cherokee": [(0x13A0, 0x13FF), (0xAB70, 0xABBF)],
    "punct": [(0x2010, 0x2027), (0x2030, 0x205E)], "symbols": [(0x20A0, 0x20C0), (0x2100, 0x2BFF)],
    "emoji": [(0x1F300, 0x1FAFF)], "math": [(0x1D400, 0x1D7FF)], "ancient": [(0x10000, 0x10FFF)],
    "smp_scripts": [(0x11000, 0x11FFF)], "cuneiform": [(0x12000, 0x12543), (0x13000, 0x1342F)],
    "modifiers": [(0x2B0, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF)],
    "control": [(0x00, 0x1F), (0x7F, 0x9F)], "format": [(0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F)],
    "private": [(0xE000, 0xF8FF), (0xF0000, 0x10FFFD)], "unassigned": [(0x40000, 0xDFFFF)],
    "bmp": [(0x80, 0xD7FF), (0xE000, 0xFFFF)], "any": [(0, 0xD7FF), (0xE000, 0x10FFFF)],
    "tags": [(0xE0000, 0xE01EF)], "variation": [(0xFE00, 0xFE0F)], "nonchar": [(0xFFF0, 0xFFFF), (0x1FFFE, 0x1FFFF)],
}

DIGIT_STARTS = [0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66,
                0xDE6, 0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1B50,
                0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xAA50, 0xABF0, 0xFF10, 0x104A0,
                0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x11DE0, 0x16A60, 0x16AC0, 0x1D7CE, 0x1D7EC,
                0x1E140, 0x1E950, 0x1FBF0]
OTHER_NUMBERS = [0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE, 0x9F4, 0xBF0, 0xD70, 0xF2A, 0x1369, 0x16EE, 0x17F0,
                 0x2070, 0x2074, 0x2080, 0x2150, 0x2160, 0x2188, 0x2460, 0x249C, 0x24EA, 0x2776, 0x2CFD,
                 0x3007, 0x3021, 0x3192, 0x3220, 0x3280, 0xA6E6, 0xA830, 0x10107, 0x10140, 0x10320,
                 0x10858, 0x10A40, 0x10E60, 0x12400, 0x16E80, 0x16FF4, 0x1D360, 0x1E8C7, 0x1F100, 0x4E00]
SPACES = [" ", " ", " ", "\n", "\n", "\t", "\r\n", "\r", "\u00a0", "\u2003", "\u2009", "\u200a", "\u2028",
          "\u2029", "\u202f", "\u205f", "\u3000", "\u1680", "\x0b", "\x0c", "\x85", "\x1c", "\u200b", "\ufeff", "\u180e"]
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"]
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>", "<reponame>", "<file_sep>", "<filename>",
            "<gh_stars>", "<issue_start>", "<issue_comment>", "<issue_closed>", "<jupyter_start>", "<jupyter_text>",
            "<jupyter_code>", "<jupyter_output>", "<jupyter_script>", "<empty_output>", "<|begin_of_text|>",
            "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>", "<s>", "</s>", "<tool_call>", "<think>"]
WORDS = ("the of and to in is that for it was on are as with they at be this have from or one had by word but not "
         "what all were we when your can said there use an each which she do how their if will up other about out "
         "many then them these so some her would make like him into time has look two more write go see number no "
         "way could people my than first water been call who oil its now find long down day did get come made may "
         "part Internationalization antidisestablishmentarianism Zürich naïve façade coöperate Ελλάδα Россия hello "
         "SmolLM transformer quantization GGUF tokenizer TODO README HTTP JSON iPhone eBay O'Neill McDonald's").split()
CODE = [
    "def f(x):\n    return [i ** 2 for i in range(x) if i % 2 == 0]\n",
    "class A(B):\n\tdef __init__(self, *args, **kwargs):\n\t\tsuper().__init__(*args, **kwargs)\n",
    "#include <stdio.h>\r\nint main(void) {\r\n    printf(\"%d\\n\", 0x1F);\r\n    return 0;\r\n}\r\n",
    "template <typename T>\nconstexpr auto f(T&& t) noexcept -> decltype(auto) { return std::forward<T>(t); }\n",
    "fn main() {\n    let v: Vec<u8> = vec![0u8; 16];\n    println!(\"{:?}\", &v[..4]);\n}\n",
    "const f = async ({a, b = 1, ...rest}) => { await g(`${a}-${b}`); };\n",
    "SELECT a.id, COUNT(*) AS n FROM t a LEFT JOIN u ON u.id = a.id WHERE n >= 10 GROUP BY 1;\n",
    "<div class=\"x\" id='y'>\n  <a href=\"/z?q=1&amp;r=2\">caf\u00e9</a>\n</div>\n",
    "for f in *.txt; do echo \"${f%.txt}\" | sed -e 's/[^a-z]//g' >> out.log 2>&1; done\n",
    "{\"name\": \"x\", \"list\": [1, 2.5, -3e-7, null, true], \"s\": \"\\u00e9\\n\"}\n",
    "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(\"\u4e16\u754c\")\n}\n",
    "main :: IO ()\nmain = mapM_ (putStrLn . show) $ takeWhile (< 100) (iterate (* 2) 1)\n",
    "| a | b |\n|---|:-:|\n| 1 | **x** |\n\n- [ ] item\n* item\n    1. nested\n",
    "\\begin{equation}\n  e^{i\\pi} + 1 = 0, \\quad \\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}\n\\end{equation}\n",
    "mov eax, [ebx+4*ecx]\n.loop:\n\tdec ecx\n\tjnz .loop ; back\n",
    "(defun fact (n)\n  (if (<= n 1) 1 (* n (fact (- n 1)))))\n",
    "key: value\nlist:\n  - a: 1\n    b: [x, y]\ntext: |\n  line one\n  line two\n",
    "--- a/file\n+++ b/file\n@@ -1,3 +1,4 @@\n-old\n+new\n context\n",
    "x = 10\ny = 20_000\nz = 1_0.5e-3\nassert x//3 != y>>2 and ~z ^ 0b1010\n",
    "public static void Main(string[] args) => Console.WriteLine($\"{args?.Length ?? 0:D4}\");\n",
]
PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ["...", "->", "=>", "::", "!=", "<=", "//", "/*", "*/", "\u2014", "\u201c", "\u201d", "\u2019"]


class Maker:
    def __init__(self, seed, longest):
        self.random = random.Random(seed)
        self.longest = longest

    def number(self, low, high):
        return low + self.random.getrandbits(32) % (high - low + 1)

    def pick(self, items):
        return items[self.number(0, len(items) - 1)]

    def char(self, script):
        low, high = self.pick(SCRIPTS[script])
        return chr(self.number(low, high))

    def run_of(self, script, low, high):
        return "".join(self.char(script) for _ in range(self.number(low, high)))

    def words(self, low, high):
        return " ".join(self.pick(WORDS) for _ in range(self.number(low, high)))

    def mixed_case(self, text):
        return "".join(c.upper() if self.number(0, 1) and c.isascii() else c for c in text)

    # One method a category; each returns a string.

    def one_script(self):
        return self.run_of(self.pick(sorted(SCRIPTS)), 1, 24)

    def script_words(self):
        script = self.pick(sorted(SCRIPTS))
        return " ".join(self.run_of(script, 1, 7) for _ in range(self.number(2, 5)))

    def mixed_scripts(self):
        return "".join(self.run_of(self.pick(sorted(SCRIPTS)), 1, 4) for _ in range(self.number(2, 8)))

    def random_planes(self):
        return "".join(chr(self.number(0, 0xFFFF) % 0x800 | self.pick([*range(0, 0xD800, 0x800),
                                                                       *range(0xE000, 0x110000, 0x800)]))
                       for _ in range(self.number(1, 10)))

    def emoji(self):
        parts = []
        for _ in range(self.number(1, 6)):
            kind = self.number(0, 6)
            base = self.char("emoji")
            if kind == 0:
                parts.append("".join(chr(0x1F1E6 + self.number(0, 25)) for _ in range(self.number(1, 4))))
            elif kind == 1:
                parts.append(base + chr(0x1F3FB + self.number(0, 4)))
            elif kind == 2:
                parts.append("\u200d".join(self.char("emoji") for _ in range(self.number(2, 4))))
            elif kind == 3:
                parts.append(self.pick(["\u2764", "\u2600", "\u263a", "\u2708", "\u00a9", "1", "#"]) +
                             self.pick(["\ufe0f", "\ufe0e", "\ufe0f\u20e3", ""]))
            else:
                parts.append(base)
            if self.number(0, 2) == 0:
                parts.append(self.pick([" ", "a", "!", "\n", ""]))
        return "".join(parts)

    def combining(self):
        return "".join(self.char("letters") + self.run_of("modifiers", 0, 4) for _ in range(self.number(1, 8)))

    def spaces(self):
        return "".join(self.pick(SPACES) for _ in range(self.number(1, 24)))

    def long_spaces(self):
        return "".join(self.pick([" ", "\n", "\t", "\r\n", "\u00a0"]) * self.number(1, 40) +
                       self.pick(["", "", "x", "1", ".", "\u00e9"]) for _ in range(self.number(1, 4)))

    def spaced_words(self):
        return "".join(self.pick(WORDS) + "".join(self.pick(SPACES) for _ in range(self.number(1, 3)))
                       for _ in range(self.number(1, 8)))

    def digits(self):
        parts = []
        for _ in range(self.number(1, 4)):
            start = self.pick(DIGIT_STARTS)
            parts.append("".join(chr(start + self.number(0, 9)) for _ in range(self.number(1, 9))))
            parts.append(self.pick(["", " ", ".", ",", "-", "a", "\n", ":"]))
        return "".join(parts)

    def odd_numbers(self):
        return "".join(self.pick([chr(self.pick(OTHER_NUMBERS)), chr(0x30 + self.number(0, 9)), " ", "a", "\u0301"])
                       for _ in range(self.number(1, 12)))

    def contractions(self):
        return "".join(self.pick([*WORDS, "'", "''", " ", "\u2019", "1", "\u00e9", ""]) +
                       self.mixed_case(self.pick(CONTRACTIONS)) + self.pick([" ", "", "", "x", "'", "\n", "3"])
                       for _ in range(self.number(1, 6)))

    def prose(self):
        return "".join(self.words(2, 9) + self.pick([". ", ", ", "! ", "? ", ".\n", ".\n\n", "; ", ": ", " \u2014 ", "...", "\r\n"])
                       for _ in range(self.number(1, 4)))

    def code(self):
        text = self.pick(CODE)
        begin = self.number(0, len(text) // 2)
        text = text[begin:begin + self.number(8, 120)]
        if self.number(0, 3) == 0:
            text = text.replace("\n", "\r\n")
        return text

    def indented(self):
        step = self.pick(["\t", "  ", "    ", "        ", " \t"])
        return "".join(step * self.number(0, 6) + self.pick(["x = 1", "if (a) {", "}", "", "return;", "# no", "\u00e9 = 2"]) +
                       self.pick(["\n", "\n", "\r\n", "\n\n"]) for _ in range(self.number(2, 6)))

    def url(self):
        return (self.pick(["https://", "http://", "ftp://", "mailto:", "file:///", "www."]) +
                ".".join(self.run_of("letters", 1, 9).lower() for _ in range(self.number(1, 3))) +
                "".join("/" + self.pick(WORDS) for _ in range(self.number(0, 3))) +
                self.pick(["", "?q=" + self.run_of("ascii", 1, 6).replace(" ", "+"), "#x-1", ":8080", "/%E4%BD%A0", ".tar.gz"]))

    def specials(self):
        parts = []
        for _ in range(self.number(1, 4)):
            special = self.pick(SPECIALS)
            kind = self.number(0, 4)
            if kind == 0:
                at = self.number(0, len(special) - 1)
                special = special[:at] + self.pick(["", " ", "\u200b", "|", "\n"]) + special[at + self.number(0, 1):]
            parts.append(special)
            parts.append(self.pick(["", "\n", " ", "user", self.words(1, 3), "\n\n"]))
        return "".join(parts)

    def control(self):
        return "".join(self.pick([chr(self.number(0, 31)), chr(self.number(127, 159)), "a", ".", " ", "1", "\x04", "\x06"])
                       for _ in range(self.number(1, 10)))

    def absent_bytes(self):
        # Characters with bytes that SmolLM2's vocabulary lacks, between ones that it has.
        return "".join(self.pick(["\x04", "\x06", "\x13", "\x14", "\x16", "\x1d", self.char("unassigned"),
                                  ".", "..", "!", "  ", "the", " a", "=", "--", "1"]) for _ in range(self.number(2, 8)))

    def punctuation(self):
        return "".join(self.pick(PUNCTUATION) + self.pick(["", "", "", " ", "\n", "a", "1", "\r\n", "\t"])
                       for _ in range(self.number(1, 12)))

    def repeated(self):
        unit = self.pick([self.run_of("letters", 1, 3), self.pick(PUNCTUATION), self.char("any"), self.char("cjk"),
                          self.pick(WORDS), str(self.number(0, 99)), self.char("emoji"), " " + self.pick(WORDS)])
        return unit * self.number(2, 24)

    def identifiers(self):
        words = [self.pick(WORDS) for _ in range(self.number(2, 5))]
        return self.pick(["_", "-", ".", "::", "->", "", "/", "\\"]).join(
            self.pick([w, w.upper(), w.capitalize(), w + str(self.number(0, 999))]) for w in words)

    def ascii_noise(self):
        return self.run_of("ascii", 1, 40)

    def long_word(self):
        size = self.number(200, self.longest)
        kind = self.number(0, 4)
        if kind == 0:
            return self.run_of("letters", size, size)
        if kind == 1:
            return self.run_of("letters", size, size).lower()
        if kind == 2:
            return self.pick(["a", "ab", "xyz", "=", "-", " ", "the", "\n", "A", "_"]) * (size // 2)
        if kind == 3:
            return "".join(self.pick(WORDS) for _ in range(size // 6))
        return self.run_of(self.pick(["cjk", "cyrillic", "latin1", "hangul", "thai_lao"]), size // 3, size // 3)


# Category and how often it is drawn.
WEIGHTS = [
    (Maker.one_script, 14), (Maker.script_words, 10), (Maker.mixed_scripts, 8), (Maker.random_planes, 6),
    (Maker.emoji, 7), (Maker.combining, 4), (Maker.spaces, 5), (Maker.long_spaces, 3), (Maker.spaced_words, 5),
    (Maker.digits, 6), (Maker.odd_numbers, 4), (Maker.contractions, 6), (Maker.prose, 6), (Maker.code, 7),
    (Maker.indented, 3), (Maker.url, 3), (Maker.specials, 4), (Maker.control, 3), (Maker.absent_bytes, 3),
    (Maker.punctuation, 5), (Maker.repeated, 4), (Maker.identifiers, 3), (Maker.ascii_noise, 5), (Maker.long_word, 2),
]
DECK = [method for method, weight in WEIGHTS for _ in range(weight)]
JOINED_PERCENT = 22  # Strings that join two to five draws, for what happens at the seams.


def hard_strings(seed, count, longest=2048):
    """`count` distinct strings of Unicode scalar values (no surrogates), the same for every run."""
    maker = Maker(seed, longest)
    seen = dict.fromkeys(FIXED)
    while len(seen) < count:
        parts = maker.number(2, 5) if maker.number(0, 99) < JOINED_PERCENT else 1
        text = "".join(maker.pick(DECK)(maker) for _ in range(parts))[:longest]
        if all(not 0xD800 <= ord(c) <= 0xDFFF for c in text):
            seen.setdefault(text)
    return list(seen)[:count]
