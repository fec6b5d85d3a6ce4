# SPDX-License-Identifier: Apache-2.0
"""Texts to classify for tools/routing_questions. What is put together here is easy; the lists called HARD were written to mislead."""

TASK = "classification"

SUBJECTS = ("The soup", "This lamp", "Our hotel room", "The new phone", "The film", "This vacuum cleaner", "The guided tour", "The pizza", "This backpack",
            "The concert", "The coffee machine", "This novel", "The garden chair", "The breakfast", "This game", "The taxi ride", "The haircut", "This printer")
POSITIVE = ("was wonderful, I would buy it again.", "is the best I have ever had.", "made the whole family happy.", "works perfectly.", "was excellent from start to end.",
            "is great value for the money.", "was a lovely surprise.", "exceeded everything I had hoped for.", "is beautiful and very well made.",
            "was fantastic, thank you so much!", "is so good that I told all my friends.", "was a real pleasure.")
NEGATIVE = ("was terrible, I want my money back.", "is the worst I have ever had.", "broke after two days.", "was a complete waste of money.", "is ugly and badly made.",
            "was awful from start to end.", "does not work at all.", "was a great disappointment.", "ruined our whole evening.", "is useless, do not buy it.",
            "was so bad that we left early.", "smelled bad and was dirty.")
HARD_REVIEWS = (
    ("I expected to hate it, and I was wrong.", "positive"), ("Not bad at all.", "positive"), ("I cannot find anything to complain about.", "positive"),
    ("My only regret is that I did not buy it years ago.", "positive"), ("You would have to be made of stone not to laugh.", "positive"),
    ("The box arrived damaged, but what was inside could hardly be better.", "positive"), ("Nothing about it disappointed us.", "positive"),
    ("It took two hours to set up, and every minute was worth it.", "positive"), ("I was sceptical. I am not any more.", "positive"),
    ("Far from the disaster that others describe.", "positive"), ("If only all lamps were like this one.", "positive"), ("Try to take it away from my son and see what happens.", "positive"),
    ("Great, another charger that melts.", "negative"), ("If you enjoy waiting for your food, this is the place for you.", "negative"),
    ("It would be perfect if it worked.", "negative"), ("I wanted so much to love it.", "negative"), ("The best part of the film was the end, because it was over.", "negative"),
    ("Good for keeping a door open, and for little else.", "negative"), ("It is fine, if you have never owned a better one.", "negative"),
    ("My old one, which cost half as much, did this better.", "negative"), ("The staff smiled a lot while they ignored us.", "negative"),
    ("A wonderful idea that somebody should have tested.", "negative"), ("Five stars for the packaging, none for the rest.", "negative"),
    ("I would recommend it to people I do not like.", "negative"))

TOPICS = {
    "sports": ("The goalkeeper saved two penalties in the final.", "She won the tennis match in three sets.", "The marathon runner finished in just over two hours.",
               "Our team lost the basketball game by one point.", "The striker scored a goal in the last minute.", "He broke the world record in the long jump.",
               "The coach was sent off after the referee's decision.", "The swimmers trained twice a day before the championship.",
               "The cyclist attacked on the last climb and won the stage.", "The boxer was knocked out in the second round.",
               "The golfer needed four strokes on the last hole.", "The skiers waited for the fog to lift before the race.",
               "The hockey club signed a new defender.", "Fans sang in the stadium long after the match."),
    "politics": ("The parliament voted on the new tax law.", "The president met the prime minister to discuss the treaty.", "The senator lost the election by a few votes.",
                 "The government announced early elections.", "The opposition called for the minister to resign.", "Voters will decide on the new constitution in May.",
                 "The mayor promised to build more housing.", "The two countries broke off diplomatic relations.", "The party chose a new leader.",
                 "The court ruled that the election must be repeated.", "The chancellor defended the budget in parliament.",
                 "Lawmakers debated the immigration bill all night.", "The ambassador was called back to the capital.", "The coalition agreed on a new programme."),
    "science": ("Astronomers found a planet that orbits two stars.", "The researchers measured the speed of light again.", "A new vaccine was tested in the laboratory.",
                "Physicists observed the particle for the first time.", "Biologists discovered a new species of frog.", "The chemists made a plastic that decays in water.",
                "The telescope took pictures of a distant galaxy.", "Scientists read the genome of the mammoth.", "The experiment showed how cells repair their DNA.",
                "Geologists dated the rock to three billion years.", "The probe measured the magnetic field of Jupiter.",
                "The study compared the brains of mice and bats.", "Mathematicians proved a conjecture about prime numbers.", "The satellite measures how fast the ice melts."),
    "cooking": ("Chop the onions and fry them in butter.", "Bake the bread at two hundred degrees for an hour.", "Add a pinch of salt to the dough.",
                "Stir the sauce until it thickens.", "Boil the pasta for eight minutes.", "Whisk the eggs with the sugar.", "Roast the chicken with garlic and lemon.",
                "Let the soup simmer on low heat.", "Melt the chocolate over hot water.", "Season the salad with oil and vinegar.", "Knead the dough and let it rise.",
                "Grill the fish with fresh herbs.", "Peel the potatoes and cut them into slices.", "Serve the pancakes with maple syrup."),
    "music": ("The orchestra played the symphony without a conductor.", "She practises the violin for four hours a day.", "The band recorded its second album in a barn.",
              "The choir sang in four voices.", "The guitarist broke a string during the solo.", "The pianist played a sonata from memory.",
              "The singer cancelled the rest of her tour.", "The drummer counts the band in.", "The opera opens with a quiet overture.",
              "His song was at the top of the charts for weeks.", "The jazz trio improvised on an old tune.", "The cellist tuned her instrument.",
              "The composer wrote the melody in one night.", "They danced to the rhythm of the drums."),
}
HARD_TOPICS = (
    ("The minister kicked off the match and left before the second half.", "sports"), ("The race was decided in the laboratory, when her test came back clean.", "sports"),
    ("Two goals behind, they still did not change their recipe.", "sports"), ("The conductor of the attack wears number ten.", "sports"),
    ("The candidate ran a marathon of speeches this week.", "politics"), ("The party played an old tune and lost in the cities.", "politics"),
    ("The cabinet has too many cooks.", "politics"), ("The vote was a photo finish.", "politics"),
    ("The swimmers in the dish are bacteria, and they turn towards sugar.", "science"), ("Why onions make us cry is a matter of one enzyme.", "science"),
    ("Black holes sing, in a tone far too low to hear.", "science"), ("The vote of the committee settled what a planet is.", "science"),
    ("Nobody elected the tomato, but it rules this dish.", "cooking"), ("Beat the whites like a drum until they stand.", "cooking"),
    ("The secret of the crust is chemistry: water, time and heat.", "cooking"), ("Give the lamb a rest, as after a long run.", "cooking"),
    ("The quartet won the final by a bow's width.", "music"), ("The hall voted with its feet after the first movement.", "music"),
    ("A recipe for a hit: four chords and a rainy evening.", "music"), ("The physics of the flute is simple, playing it is not.", "music"))

SPAM = ("You have won a free {prize}! Click here to claim it now.", "Congratulations! You were selected for a {prize}. Send your bank details today.",
        "Make {money} dollars a day from home, no experience needed!", "Your account will be closed. Confirm your password at this link immediately.",
        "Lose ten kilos in a week with this miracle pill!", "Limited offer: cheap {prize}, 90 percent off, only today!!!",
        "Dear friend, I am a prince and want to share {money} million dollars with you.", "Hot singles in your area are waiting for you!",
        "Get a loan of {money} dollars in five minutes, no questions asked.", "URGENT: your parcel is waiting, pay the fee of 2 dollars here.",
        "Double your bitcoin in 24 hours, guaranteed!", "FREE FREE FREE: claim your {prize} before midnight!")
NORMAL = ("Can we move our meeting to {day} afternoon?", "Please find the report for {day} attached.", "Mum asks whether you are coming to dinner on {day}.",
          "I have booked the train for {day}, see you at the station.", "Thanks for your help with the slides on {day}.", "Your dentist appointment is on {day} at ten.",
          "Could you send me the notes of the {day} lecture?", "The plumber is coming on {day} morning.", "Here are the photos of our walk last {day}.",
          "The library book is due on {day}.", "I am ill and will not come to work on {day}.", "Shall we play chess again on {day}?")
HARD_MAIL = (
    ("Hi, it is me, I lost my phone. Can you send 300 dollars to this account?", "spam"), ("Invoice attached, please open the file and enable macros.", "spam"),
    ("We noticed a login that was not you. Verify your identity below.", "spam"), ("Your colleague shared a document with you. Sign in again to read it.", "spam"),
    ("Final reminder from the tax office: your refund is ready, enter your card.", "spam"), ("I saw your profile and have a job for you, two hours a day.", "spam"),
    ("Your storage is full, upgrade within a day or your mails are deleted.", "spam"), ("The boss here. I need gift cards for a client, tell nobody.", "spam"),
    ("You won the bet, so dinner is on me. Claim it any time!", "normal"), ("Free cake in the kitchen, only today!", "normal"),
    ("Your password expires in ten days; change it at your desk as always. The help desk", "normal"), ("I owe you money. Shall I pay cash on Monday?", "normal"),
    ("Congratulations, it is a girl! Pictures tonight.", "normal"), ("Urgent: the milk is out, can you buy some?", "normal"),
    ("Click through my slides before noon, please, and tell me what to cut.", "normal"), ("The prize of the school raffle was a bicycle, and Tim has it!", "normal"))
PRIZES = ("phone", "holiday", "car", "television", "gift card", "watch")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

ASKED = {
    "person": ("Who invented the telephone?", "Who was the first man on the moon?", "Who painted this picture?", "Who is the president of France?", "Who discovered penicillin?",
               "Who wrote this song?", "Who won the race yesterday?", "Who is your favourite actor?", "Who built this bridge?", "Who teaches history at your school?",
               "Whose hat is this?", "Who broke the window?"),
    "place": ("Where is the Eiffel Tower?", "Where were you born?", "Where can I buy stamps?", "Where do penguins live?", "Where is the nearest station?", "Where did they spend the summer?",
              "Where does this river begin?", "Where is the library?", "Where was the treaty signed?", "Where do you keep the keys?", "Where are the Alps?", "Where does she work?"),
    "time": ("When does the train leave?", "When was the war over?", "When is your birthday?", "When do the shops open?", "When did she call?", "When will the film begin?",
             "When was the church built?", "When does the summer start?", "When did you wake up?", "When is the next full moon?", "When are you coming home?", "When was he born?"),
    "number": ("How many people live in Rome?", "How many legs does a spider have?", "How many books have you read?", "How much does the ticket cost?", "How many pages does it have?",
               "How many players are in a team?", "How many eggs do we need?", "How many stairs are there?", "How many times did it ring?", "How many cars passed?",
               "How much does the baby weigh?", "How many islands belong to Greece?"),
}
HARD_ASKED = (
    ("Which author wrote the most plays?", "person"), ("What is the name of the woman who found radium?", "person"), ("Name the inventor of dynamite.", "person"),
    ("Under which king was the tower built?", "person"), ("To whom does the garden belong?", "person"), ("Which of your cousins is the tallest?", "person"),
    ("In which city was Mozart born?", "place"), ("Which country has the longest coast?", "place"), ("What is the capital of Peru?", "place"), ("From which harbour did they sail?", "place"),
    ("To what country does Greenland belong?", "place"), ("Name the ocean between Africa and Australia.", "place"),
    ("In which year did the wall come down?", "time"), ("What day is it tomorrow?", "time"), ("At what hour do you get up?", "time"), ("Since which century do we have clocks?", "time"),
    ("What is the date of the exam?", "time"), ("During which month do the storks leave?", "time"),
    ("What is the population of Chile?", "number"), ("How long is the river in kilometres?", "number"), ("What does a litre of milk weigh?", "number"), ("At what temperature does lead melt?", "number"),
    ("What is the height of the tower?", "number"), ("How old is the oldest tree?", "number"))


def example(domain, level, text, label):
    return {"domain": domain, "level": level, "text": text, "label": label}


def reviews(draw, count):
    easy = [(f"{subject} {words}", label) for label, all_words in (("positive", POSITIVE), ("negative", NEGATIVE)) for words in all_words for subject in SUBJECTS]
    draw.shuffle(easy)
    return [example("reviews", 4, *pair) for pair in HARD_REVIEWS] + [example("reviews", 1, *pair) for pair in easy[:count - len(HARD_REVIEWS)]]


def mail(draw, count):
    easy = [(words.format(prize=prize), "spam") for words in SPAM if "{prize}" in words for prize in PRIZES]
    easy += [(words.format(money=money), "spam") for words in SPAM if "{money}" in words for money in (200, 450, 900)]
    easy += [(words, "spam") for words in SPAM if "{" not in words]
    spam_count = len(easy)
    friendly = [(words.format(day=day), "normal") for words in NORMAL for day in DAYS]
    draw.shuffle(friendly)
    easy += friendly[:spam_count]
    draw.shuffle(easy)
    return [example("mail", 4, *pair) for pair in HARD_MAIL] + [example("mail", 1, *pair) for pair in easy[:count - len(HARD_MAIL)]]


def listed(domain, table, hard):
    return [example(domain, 2, text, label) for label, texts in table.items() for text in texts] + [example(domain, 4, *pair) for pair in hard]


def questions(draw, count):
    return {"reviews": reviews(draw, count // 4), "mail": mail(draw, count // 10), "topics": listed("topics", TOPICS, HARD_TOPICS),
            "asked": listed("asked", ASKED, HARD_ASKED)}
