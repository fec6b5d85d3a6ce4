# SPDX-License-Identifier: Apache-2.0
"""Facts for tools/routing_questions: tables written by hand from general knowledge, well known rows first."""

TASK = "facts"

# Relation: domain, wordings, rows. A row is "subject:answer", further right answers behind "|"; the level of a row rises along its table.
RELATIONS = (
    ("geography", ("What is the capital of {}?", "Which city is the capital of {}?"),
     "France:Paris;Italy:Rome;Japan:Tokyo;Spain:Madrid;Germany:Berlin;England:London;Russia:Moscow;China:Beijing;Egypt:Cairo;Greece:Athens;"
     "Portugal:Lisbon;Ireland:Dublin;Cuba:Havana;Canada:Ottawa;Austria:Vienna;Sweden:Stockholm;Norway:Oslo;Denmark:Copenhagen;Poland:Warsaw;"
     "Hungary:Budapest;Finland:Helsinki;Belgium:Brussels;Argentina:Buenos Aires;Peru:Lima;Thailand:Bangkok;Kenya:Nairobi;Australia:Canberra;"
     "Brazil:Brasilia|Brasília;Turkey:Ankara;Iceland:Reykjavik|Reykjavík;Morocco:Rabat;Vietnam:Hanoi;Chile:Santiago;Colombia:Bogota|Bogotá;"
     "Romania:Bucharest;Bulgaria:Sofia;Croatia:Zagreb;Serbia:Belgrade;Nepal:Kathmandu;Ethiopia:Addis Ababa;Ghana:Accra;Nigeria:Abuja;"
     "New Zealand:Wellington;Pakistan:Islamabad;Bangladesh:Dhaka;Sri Lanka:Colombo|Kotte;Mongolia:Ulaanbaatar|Ulan Bator;Uruguay:Montevideo;"
     "Paraguay:Asuncion|Asunción;Latvia:Riga;Estonia:Tallinn;Slovenia:Ljubljana;Albania:Tirana;Moldova:Chisinau|Chișinău;Kazakhstan:Astana;"
     "Burkina Faso:Ouagadougou;Bhutan:Thimphu;Eritrea:Asmara;Malawi:Lilongwe;Suriname:Paramaribo;Botswana:Gaborone;Brunei:Bandar Seri Begawan;"
     "Vanuatu:Port Vila;Tajikistan:Dushanbe;Lesotho:Maseru;Djibouti:Djibouti;Mauritania:Nouakchott;Fiji:Suva;Togo:Lome|Lomé;Chad:N'Djamena"),
    ("geography", ("On which continent is {}?", "Which continent does {} belong to?"),
     "France:Europe;China:Asia;Egypt:Africa;Brazil:South America;Canada:North America;Kenya:Africa;India:Asia;Italy:Europe;Nigeria:Africa;"
     "Argentina:South America;Japan:Asia;Mexico:North America;Norway:Europe;Peru:South America;Vietnam:Asia;Ghana:Africa;Poland:Europe;"
     "Mongolia:Asia;Senegal:Africa;Bolivia:South America;Nepal:Asia;Suriname:South America;Belize:North America|Central America;Laos:Asia;Malawi:Africa"),
    ("geography", ("What language is mostly spoken in {}?",),
     "Germany:German;Brazil:Portuguese;Mexico:Spanish;Italy:Italian;Japan:Japanese;Austria:German;Egypt:Arabic;Argentina:Spanish;Sweden:Swedish;"
     "Iran:Persian|Farsi;Angola:Portuguese;Israel:Hebrew;Senegal:French|Wolof;Cuba:Spanish;Mozambique:Portuguese"),
    ("science", ("What is the chemical symbol of {}?", "Which chemical symbol stands for {}?"),
     "hydrogen:H;oxygen:O;carbon:C;gold:Au;iron:Fe;silver:Ag;sodium:Na;nitrogen:N;helium:He;copper:Cu;lead:Pb;potassium:K;calcium:Ca;zinc:Zn;"
     "mercury:Hg;tin:Sn;chlorine:Cl;magnesium:Mg;silicon:Si;uranium:U;nickel:Ni;neon:Ne;tungsten:W;antimony:Sb;platinum:Pt;arsenic:As;"
     "manganese:Mn;cobalt:Co;strontium:Sr;bismuth:Bi;rhenium:Re;palladium:Pd"),
    ("science", ("{}",),
     "How many minutes are in an hour?:60;How many hours are in a day?:24;How many seconds are in a minute?:60;How many sides does a triangle have?:3|three;"
     "How many sides does a hexagon have?:6|six;How many degrees does a right angle have?:90;How many days are in a leap year?:366;"
     "What is the smallest prime number?:2|two;"
     "Which planet is closest to the sun?:Mercury;Which planet is known as the red planet?:Mars;What is the largest planet of the solar system?:Jupiter;"
     "What do bees make?:honey;What gas do humans need to breathe?:oxygen;What force pulls objects towards the ground?:gravity;"
     "What is frozen water called?:ice;How many legs does a spider have?:8|eight;How many legs does an insect have?:6|six;"
     "Which organ pumps blood through the body?:heart;Which star is closest to the earth?:sun;What is the hardest natural material?:diamond;"
     "Which gas do plants take in from the air?:carbon dioxide|CO2;What is the largest animal on earth?:blue whale|whale;"
     "Which planet has the most famous rings?:Saturn;At how many degrees Celsius does water boil?:100;At how many degrees Celsius does water freeze?:0|zero;"
     "What is the tallest land animal?:giraffe;What is the fastest land animal?:cheetah;What is the largest organ of the human body?:skin;"
     "Which metal is liquid at room temperature?:mercury;How many bones does an adult human have?:206;How many chambers does a human heart have?:4|four;"
     "Which vitamin does the skin make in sunlight?:vitamin D|D;What is the unit of electrical resistance?:ohm|ohms;What is the unit of force?:newton|newtons;"
     "What is the unit of frequency?:hertz;What is the unit of power?:watt|watts;Which blood cells fight infections?:white blood cells|white;"
     "What is the most abundant gas in the earth's atmosphere?:nitrogen;Which planet rotates on its side?:Uranus;What is the chemical formula of table salt?:NaCl;"
     "What is the chemical formula of water?:H2O;What is the chemical formula of methane?:CH4;What is the chemical formula of ammonia?:NH3;"
     "What is the chemical formula of sulfuric acid?:H2SO4;Which particle has a negative charge?:electron|electrons;What is the atomic number of carbon?:6|six;"
     "What is the atomic number of oxygen?:8|eight;What is the atomic number of iron?:26;What is the atomic number of gold?:79;"
     "Which moon of Saturn has a thick atmosphere?:Titan;What is the SI unit of luminous intensity?:candela;Which acid is in the human stomach?:hydrochloric acid|hydrochloric;"
     "How many pairs of chromosomes do humans have?:23;Which part of the cell makes energy?:mitochondria|mitochondrion"),
    ("culture", ("Who wrote {}?", "Who is the author of {}?"),
     "Romeo and Juliet:Shakespeare;Hamlet:Shakespeare;Pride and Prejudice:Austen;Oliver Twist:Dickens;1984:Orwell;Harry Potter:Rowling;The Hobbit:Tolkien;"
     "War and Peace:Tolstoy;The Odyssey:Homer;Moby Dick:Melville;Don Quixote:Cervantes;Frankenstein:Shelley;Dracula:Stoker;The Great Gatsby:Fitzgerald;"
     "Macbeth:Shakespeare;Great Expectations:Dickens;Animal Farm:Orwell;The Divine Comedy:Dante;Jane Eyre:Brontë|Bronte;Crime and Punishment:Dostoevsky|Dostoyevsky;"
     "Faust:Goethe;Ulysses:Joyce;The Trial:Kafka;Les Misérables:Hugo;Treasure Island:Stevenson;Madame Bovary:Flaubert;Brave New World:Huxley;"
     "The Stranger:Camus;The Magic Mountain:Mann;Mrs Dalloway:Woolf;The Tin Drum:Grass;Dead Souls:Gogol;The Name of the Rose:Eco;Middlemarch:Eliot;"
     "The Master and Margarita:Bulgakov;Buddenbrooks:Mann;Germinal:Zola;Pale Fire:Nabokov;Invisible Cities:Calvino;The Leopard:Lampedusa;Hunger:Hamsun;"
     "Solaris:Lem;Effi Briest:Fontane;Zeno's Conscience:Svevo"),
    ("culture", ("Who painted {}?",),
     "the Mona Lisa:da Vinci|Leonardo;The Starry Night:van Gogh;Guernica:Picasso;The Last Supper:da Vinci|Leonardo;The Scream:Munch;"
     "Girl with a Pearl Earring:Vermeer;The Night Watch:Rembrandt;The Persistence of Memory:Dali|Dalí;The Kiss:Klimt;Water Lilies:Monet;"
     "The Birth of Venus:Botticelli;Las Meninas:Velazquez|Velázquez;American Gothic:Wood;Nighthawks:Hopper;The Garden of Earthly Delights:Bosch;The Hay Wain:Constable"),
    ("culture", ("Who composed {}?",),
     "The Four Seasons:Vivaldi;The Magic Flute:Mozart;Swan Lake:Tchaikovsky;the Moonlight Sonata:Beethoven;the Brandenburg Concertos:Bach;Messiah:Handel;"
     "Carmen:Bizet;Aida:Verdi;Bolero:Ravel;The Planets:Holst;La Bohème:Puccini;The Rite of Spring:Stravinsky;Peer Gynt:Grieg;The Creation:Haydn"),
    ("words", ("What is the opposite of {}?", "Which word means the opposite of {}?"),
     "hot:cold;big:small|little;up:down;good:bad|evil;day:night;left:right;old:young|new;fast:slow;black:white;happy:sad|unhappy;open:closed|close|shut;rich:poor;"
     "light:dark|heavy;full:empty;early:late;high:low;hard:soft|easy;wet:dry;long:short;strong:weak;thick:thin;first:last;buy:sell;win:lose;begin:end|finish;"
     "true:false;love:hate;war:peace;loud:quiet|soft|silent;clean:dirty;north:south;cheap:expensive;brave:cowardly|coward|afraid|timid;generous:stingy|selfish|mean;"
     "ancient:modern;shallow:deep;victory:defeat;arrive:leave|depart;accept:refuse|reject|decline;maximum:minimum;expand:contract|shrink;permanent:temporary;"
     "humble:proud|arrogant;optimist:pessimist;transparent:opaque;scarce:abundant|plentiful;innocent:guilty;tame:wild;frugal:wasteful|extravagant|lavish;verbose:concise|brief|terse"),
    ("words", ("What is the plural of {}?",),
     "cat:cats;dog:dogs;book:books;child:children;man:men;woman:women;mouse:mice;foot:feet;tooth:teeth;goose:geese;person:people|persons;knife:knives;"
     "leaf:leaves;city:cities;box:boxes;wolf:wolves;tomato:tomatoes;sheep:sheep;ox:oxen;cactus:cacti|cactuses;crisis:crises;criterion:criteria;"
     "phenomenon:phenomena;analysis:analyses;larva:larvae|larvas;thesis:theses;louse:lice;matrix:matrices"),
    ("words", ("What is the French word for {}?",),
     "yes:oui;no:non;water:eau;house:maison;cat:chat;dog:chien;bread:pain;milk:lait;red:rouge;night:nuit;book:livre;school:école|ecole;"
     "apple:pomme;sun:soleil;window:fenêtre|fenetre;squirrel:écureuil|ecureuil;spoon:cuillère|cuiller|cuillere;lawyer:avocat"),
    ("words", ("{}",),
     "Which day comes after Monday?:Tuesday;Which day comes after Friday?:Saturday;Which month comes after March?:April;Which month comes after June?:July;"
     "Which day comes before Sunday?:Saturday;Which month comes before May?:April;Which letter comes after B in the alphabet?:C;"
     "Which letter comes after M in the alphabet?:N;Which letter comes before T in the alphabet?:S;How many letters does the word cat have?:3|three;"
     "How many letters does the word house have?:5|five;How many letters does the word elephant have?:8|eight;What is a young dog called?:puppy|pup;"
     "What is a young cat called?:kitten;What is a young cow called?:calf;What is a young sheep called?:lamb;What is a young horse called?:foal;"
     "What is a young goat called?:kid;What is a young swan called?:cygnet;What is a group of lions called?:pride;What is a group of wolves called?:pack;"
     "What is a group of crows called?:murder;Who repairs cars?:mechanic;Who flies a plane?:pilot;Who works in a kitchen of a restaurant?:chef|cook;"
     "Which word rhymes with cat and is worn on the head?:hat;What colour do you get from blue and yellow?:green;What colour do you get from red and white?:pink;"
     "What colour do you get from red and blue?:purple|violet;How many vowels are in the word banana?:3|three;How many vowels are in the word education?:5|five;"
     "What is the past tense of go?:went;What is the past tense of eat?:ate;What is the past tense of run?:ran;What is the past tense of teach?:taught;"
     "What is the past tense of write?:wrote;What is the past tense of forsake?:forsook;What is the past participle of swim?:swum"),
)


RARE_FROM, RARE_SHARE = 0.5, 0.35  # of the second half of each table, which is little known, about a third is asked


def questions(draw, count):
    """Half of the tables' rows are asked as they are, half as a quiz with four options out of the same table."""
    asked, quiz = [], []
    for domain, wordings, table in RELATIONS:
        rows = table.split(";")
        for place, row in enumerate(rows):
            subject, answers = row.rsplit(":", 1)
            question = draw.choice(wordings).format(subject)
            level = 1 + 5 * place // len(rows)
            if place >= RARE_FROM * len(rows) and draw.random() >= RARE_SHARE:
                continue
            others = sorted({other.rsplit(":", 1)[1].split("|")[0] for other in rows} - set(answers.split("|")))
            if wordings == ("{}",) or draw.random() < 0.5:
                asked.append({"domain": domain, "level": level, "question": question, "answer": answers.split("|")})
            else:
                right = answers.split("|")[0]
                options = [right, *draw.sample(others, 3)]
                draw.shuffle(options)
                quiz.append({"domain": domain, "level": level, "question": question, "options": options, "answer": options.index(right)})
    draw.shuffle(asked)
    draw.shuffle(quiz)
    return {"facts": asked[:count], "quiz": quiz[:count]}
