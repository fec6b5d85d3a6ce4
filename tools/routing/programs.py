# SPDX-License-Identifier: Apache-2.0
"""Questions about programs for tools/routing_questions: names of things, what a line prints (Python says so itself), which language a line is in."""

import re

TASK = "code"

# Question:answer, further right answers behind "|"; well known ones first.
NAMES = (
    ("python", "Which Python keyword defines a function?:def;Which Python function prints text to the screen?:print;Which Python function gives the length of a list?:len;"
               "Which Python keyword starts a class?:class;Which Python keyword brings in a module?:import;Which Python function makes a sequence of numbers to loop over?:range;"
               "Which Python keyword gives a value back from a function?:return;Which Python function reads a line from the user?:input;Which Python function opens a file?:open;"
               "Which Python function adds up the numbers of a list?:sum;Which Python function finds the largest value of a list?:max;Which Python method adds an item to the end of a list?:append;"
               "Which Python function converts text to a whole number?:int;Which Python function sorts a list into a new list?:sorted;Which Python keyword starts a loop over items?:for;"
               "Which Python keyword leaves a loop early?:break;Which Python keyword goes on with the next round of a loop?:continue;Which Python keyword catches exceptions?:except;"
               "Which Python keyword raises an exception?:raise;Which Python type holds keys and values?:dict|dictionary|dictionaries;Which Python type cannot be changed and is written in round brackets?:tuple;"
               "Which Python keyword makes an anonymous function?:lambda;Which Python keyword makes a generator give a value?:yield;Which Python function pairs items with their position?:enumerate;"
               "Which Python function walks through two lists side by side?:zip;Which Python module reads and writes JSON?:json;Which Python module has regular expressions?:re;"
               "Which Python module has square roots?:math;Which Python module makes random numbers?:random;Which Python method splits text into words?:split;"
               "Which Python method turns text into capital letters?:upper;Which Python method puts texts together with a separator?:join;Which Python keyword closes a file by itself at the end of a block?:with;"
               "Which Python function says of which type a value is?:type;Which Python function tests whether an object is of a class?:isinstance;Which Python decorator makes a method read like an attribute?:property;"
               "Which Python module measures how long small pieces of code take?:timeit;Which Python method of a dictionary sets a value only where there is none?:setdefault;"
               "Which Python exception is raised for a missing key of a dictionary?:KeyError;Which Python statement declares that an outer function's variable is meant?:nonlocal;"
               "Which Python class of collections counts items?:Counter;Which function of functools keeps results of calls?:lru_cache|cache"),
    ("web", "Which language describes the style of web pages?:CSS;Which language describes the structure of web pages?:HTML;Which SQL keyword reads rows of a table?:SELECT;"
            "Which SQL keyword adds rows to a table?:INSERT;Which SQL keyword changes rows of a table?:UPDATE;Which SQL keyword removes rows of a table?:DELETE;Which SQL clause filters rows?:WHERE;"
            "Which SQL clause sorts rows?:ORDER BY;Which SQL clause makes groups of rows?:GROUP BY;Which SQL keyword combines two tables?:JOIN;Which SQL function counts rows?:COUNT;"
            "Which SQL keyword leaves out duplicate rows?:DISTINCT;Which SQL clause filters groups?:HAVING;Which HTML tag shows an image?:img;Which HTML tag makes a table?:table;"
            "Which HTML tag makes an unordered list?:ul;Which HTML tag makes a numbered list?:ol;Which HTML tag makes a line break?:br;Which HTML tag makes a paragraph?:p;Which HTML tag holds the title of a page?:title;"
            "Which HTML tag makes the largest heading?:h1;Which HTML tag makes a form?:form;Which CSS property sets the colour of text?:color;Which CSS property sets the size of text?:font-size;"
            "Which CSS property makes text bold?:font-weight;Which CSS property sets the space inside a border?:padding;Which CSS property sets the space outside a border?:margin;"
            "Which CSS property hides an element completely?:display;Which status code means that a page was not found?:404;Which status code means success in HTTP?:200;"
            "Which status code means an internal server error?:500;Which status code means that too many requests were sent?:429;Which HTTP method asks for a page?:GET;Which HTTP method sends a form?:POST;"
            "Which port does HTTPS use?:443;Which port does HTTP use?:80;Which JavaScript keyword declares a constant?:const;Which JavaScript method adds an item to the end of an array?:push;"
            "Which JavaScript function waits and then calls a function once?:setTimeout;Which JavaScript method turns JSON text into an object?:parse|JSON.parse;Which SQL statement undoes a transaction?:ROLLBACK"),
    ("shell", "Which Linux command lists files?:ls;Which Linux command changes the directory?:cd;Which Linux command shows the current directory?:pwd;Which Linux command copies files?:cp;"
              "Which Linux command moves or renames files?:mv;Which Linux command removes files?:rm;Which Linux command makes a directory?:mkdir;Which Linux command prints a file?:cat;"
              "Which Linux command searches for text in files?:grep;Which Linux command shows running processes?:ps|top;Which Linux command stops a process?:kill;Which Linux command shows the manual?:man;"
              "Which Linux command changes permissions of files?:chmod;Which Linux command changes the owner of files?:chown;Which Linux command finds files by name?:find|locate;"
              "Which Linux command shows the first lines of a file?:head;Which Linux command shows the last lines of a file?:tail;Which Linux command counts lines and words?:wc;Which Linux command sorts lines?:sort;"
              "Which Linux command shows free disk space?:df;Which Linux command shows how much space a folder takes?:du;Which Linux command runs a command as administrator?:sudo;"
              "Which Linux command packs files into an archive?:tar;Which Linux command logs in to another machine?:ssh;Which Linux command compares two files line by line?:diff;"
              "Which Linux command leaves out repeated lines?:uniq;Which Linux command cuts columns out of lines?:cut;Which Linux command lists open files?:lsof;"
              "Which git command copies a repository?:clone;Which git command records changes?:commit;Which git command sends commits to a server?:push;Which git command shows what has changed and is not recorded yet?:status|diff;"
              "Which git command lists earlier commits?:log;Which git command makes or lists branches?:branch;Which git command joins two branches?:merge;Which git command puts changes aside for later?:stash;"
              "Which git command says who wrote each line?:blame;Which git command finds the commit that broke something by halving?:bisect;Which git command moves commits onto another base?:rebase;"
              "Which git command takes over a single commit?:cherry-pick"),
)

LINES = {
    "python": ("def area(r):", "for i in range(10):", "import os", "print('hello')", "if x is None:", "    elif n > 3:", "with open('a.txt') as f:", "squares = [n * n for n in numbers]", "    return self.name",
               "try:", "lambda x: x + 1", "from math import sqrt", "while not done:", "raise ValueError('bad')"),
    "sql": ("SELECT name FROM users;", "INSERT INTO orders VALUES (1, 'lamp');", "UPDATE users SET age = 30 WHERE id = 7;", "DELETE FROM logs;", "CREATE TABLE items (id INTEGER, title TEXT);", "DROP TABLE old;",
            "SELECT COUNT(*) FROM visits;", "ALTER TABLE users ADD email TEXT;", "GROUP BY city", "ORDER BY price DESC", "LEFT JOIN orders ON users.id = orders.user_id", "WHERE price BETWEEN 10 AND 20",
            "GRANT SELECT ON users TO reader;", "SELECT DISTINCT city FROM users;"),
    "html": ("<p>Hello</p>", "<img src=\"cat.png\">", "<div class=\"box\">", "<ul><li>one</li></ul>", "<!DOCTYPE html>", "<h1>Welcome</h1>", "<a href=\"index.html\">home</a>", "<table><tr><td>1</td></tr></table>",
             "<meta charset=\"utf-8\">", "<input type=\"text\">", "<br>", "<form action=\"/send\">", "<link rel=\"stylesheet\" href=\"a.css\">", "</body>"),
}


def printed(draw):
    """(level, line): what the line prints, Python says."""
    words = ("cat", "house", "river", "garden", "winter", "piano", "window", "elephant", "bridge", "orange")
    a, b = draw.randint(2, 9), draw.randint(2, 9)
    word, numbers = draw.choice(words), [draw.randint(1, 20) for _ in range(4)]
    return draw.choice((
        (1, f"print({a} + {b})"), (1, f"print({a} * {b})"), (1, f"print('{word}')"), (2, f"print(len('{word}'))"), (2, f"print(max({numbers}))"), (2, f"print(min({numbers}))"),
        (2, f"print(len({numbers}))"), (3, f"print({numbers}[0])"), (3, f"print({numbers}[-1])"), (3, f"print('{word}'[0])"), (3, f"print('{word}'.upper())"), (3, f"print('{word}' * 2)"),
        (3, f"print({a * 7 + b} // {a})"), (3, f"print({a * 7 + b} % {a})"), (4, f"print(sum({numbers}))"), (4, f"print(sorted({numbers})[1])"), (4, f"print('{word}'[::-1])"),
        (4, f"print({a} ** {draw.randint(2, 4)})"), (4, f"print('{word}'[1:3])"), (5, f"print(sum(n for n in {numbers} if n % 2 == 0))"), (5, f"print('{word}'.count('e') + {a} * {b})")))


def outputs(draw, count):
    made = {}
    while len(made) < count:
        level, line = printed(draw)
        shown = []
        eval(line, {"__builtins__": {"print": lambda value: shown.append(str(value)), "len": len, "max": max, "min": min, "sum": sum, "sorted": sorted}})
        if shown[0].lower() not in ("a", "an", "the"):
            others = sorted(set(re.findall(r"\d+", line.partition("[")[2])) - {shown[0]})  # who repeats the list has not answered
            made[line] = {"domain": "output", "level": level, "question": line, "answer": [shown[0]], "not": others}
    return list(made.values())


def questions(draw, count):
    made = []
    for domain, table in NAMES:
        rows = table.split(";")
        for place, row in enumerate(rows):
            question, answers = row.rsplit(":", 1)
            right = answers.split("|")
            others = sorted({other.rsplit(":", 1)[1].split("|")[0] for other in rows} - set(right))
            options = [right[0], *draw.sample(others, 3)]
            draw.shuffle(options)
            made.append({"domain": domain, "level": 1 + 5 * place // len(rows), "question": question, "options": options, "answer": options.index(right[0])})
    languages = [{"domain": "languages", "level": 2, "text": line, "label": label} for label, lines in LINES.items() for line in lines]
    return {"names": made, "output": outputs(draw, count), "languages": languages}
