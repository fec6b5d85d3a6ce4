// SPDX-License-Identifier: Apache-2.0
// Cities, countries, and the parts of streets and addresses in the ten locales, in lower-case
// ASCII.

#include "guard/words.h"

namespace hearth {
namespace {

constexpr WordList kLists[] = {
    // cities: the first word where there are several
    {kWordCity,
     "london birmingham manchester leeds liverpool sheffield bristol newcastle nottingham "
     "leicester edinburgh glasgow cardiff belfast oxford cambridge brighton southampton "
     "portsmouth plymouth reading coventry york norwich exeter chester aberdeen dundee swansea "
     "derby chicago houston phoenix philadelphia antonio dallas austin jacksonville columbus "
     "charlotte indianapolis seattle denver boston detroit nashville memphis portland vegas "
     "baltimore milwaukee albuquerque tucson fresno sacramento atlanta omaha raleigh miami "
     "oakland minneapolis tulsa tampa orleans cleveland honolulu cincinnati pittsburgh "
     "anchorage springfield buffalo richmond louisville berlin hamburg munchen muenchen munich "
     "koln koeln frankfurt stuttgart dusseldorf duesseldorf leipzig dortmund essen bremen "
     "dresden hannover nurnberg duisburg bochum wuppertal bielefeld bonn munster mannheim "
     "karlsruhe augsburg wiesbaden gelsenkirchen aachen braunschweig kiel chemnitz halle "
     "magdeburg freiburg krefeld lubeck mainz erfurt rostock kassel potsdam heidelberg "
     "darmstadt regensburg ulm wurzburg wien zurich paris marseille lyon toulouse nice nantes "
     "montpellier strasbourg bordeaux lille rennes reims toulon grenoble dijon angers nimes "
     "villeurbanne clermont aix brest limoges tours amiens perpignan metz besancon rouen "
     "mulhouse caen nancy avignon poitiers versailles madrid barcelona valencia sevilla "
     "zaragoza malaga murcia palma bilbao alicante cordoba valladolid vigo gijon granada "
     "vitoria coruna elche oviedo badajoz cartagena terrassa jerez sabadell mostoles pamplona "
     "almeria burgos santander albacete castellon logrono salamanca huelva tarragona leon "
     "cadiz lleida girona jaen ourense toledo lugo caceres guadalajara palencia pontevedra "
     "segovia soria teruel zamora avila cuenca huesca melilla ceuta navarra asturias cantabria "
     "guipuzcoa vizcaya alava baleares roma milano napoli torino palermo genova bologna "
     "firenze bari catania venezia verona messina padova trieste taranto brescia parma prato "
     "modena reggio perugia livorno ravenna cagliari foggia rimini salerno ferrara sassari "
     "latina monza siracusa pescara bergamo forli trento vicenza terni bolzano novara piacenza "
     "ancona udine arezzo lecce pisa como amsterdam rotterdam haag hague utrecht eindhoven "
     "tilburg groningen almere breda nijmegen enschede haarlem arnhem zaanstad amersfoort "
     "apeldoorn hertogenbosch hoofddorp maastricht leiden dordrecht zoetermeer zwolle deventer "
     "delft alkmaar leeuwarden venlo hilversum gouda assen brussel antwerpen gent warszawa "
     "krakow lodz wroclaw poznan gdansk szczecin bydgoszcz lublin bialystok katowice gdynia "
     "czestochowa radom sosnowiec torun kielce rzeszow gliwice zabrze olsztyn bielsko bytom "
     "rybnik ruda opole tychy gorzow elblag plock dabrowa walbrzych wloclawek tarnow chorzow "
     "koszalin kalisz legnica grudziadz saopaulo rio brasilia salvador fortaleza belo manaus "
     "curitiba recife goiania belem porto guarulhos campinas luis goncalo maceio caxias natal "
     "teresina campo osasco jaboatao ribeirao uberlandia contagem sorocaba aracaju feira "
     "cuiaba joinville londrina niteroi florianopolis santos stockholm goteborg malmo uppsala "
     "vasteras orebro linkoping helsingborg jonkoping norrkoping lund umea gavle boras "
     "sodertalje eskilstuna halmstad vaxjo karlstad sundsvall trollhattan ostersund borlange "
     "falun kalmar kristianstad skovde karlskrona lulea"},
    // countries
    {kWordCountry,
     "germany deutschland france frankreich spain espana italy italia italien netherlands "
     "nederland holland poland polska polen brazil brasil sweden sverige schweden england "
     "scotland wales britain kingdom uk usa america states austria osterreich switzerland "
     "schweiz suisse belgium belgie belgique portugal ireland denmark norway finland canada "
     "mexico argentina india china japan australia"},
    // what a street ends in: the Postal Service of the US abbreviates these; and those of other
    // languages that stand alone
    {kWordStreetBehind,
     "street st avenue ave road rd lane ln drive dr boulevard blvd court ct place pl square sq "
     "terrace ter way close crescent gardens grove mews row hill walk park parkway pkwy "
     "highway hwy circle cir trail trl alley branch bridge brook brooks burg burgs bypass "
     "bypas camp canyon cape causeway center centers centre cliff cliffs club common commons "
     "corner corners course courts cove coves creek crest crossing crossroad curve dale dam "
     "divide drives estate estates expressway extension extensions fall falls ferry field "
     "fields flat flats ford fords forest forge forges fork forks fort freeway garden gateway "
     "glen glens green greens groves harbor harbors haven heights hills hollow inlet island "
     "islands isle junction junctions key keys knoll knolls lake lakes landing light lights "
     "loaf locks lock lodge loop mall manor manors meadow meadows mill mills mission motorway "
     "mount mountain mountains neck orchard oval overpass parks parkways pass passage path "
     "pike pine pines plain plains plaza point points port ports prairie radial ramp ranch "
     "rapid rapids rest ridge ridges river roads route rue run shoal shoals shore shores "
     "skyway spring springs spur spurs squares station stravenue stream streets summit "
     "throughway trace track trafficway tunnel turnpike underpass union unions valley valleys "
     "via viaduct view views village villages ville vista walks wall ways well wells strasse "
     "platz weg allee gasse ring damm ufer plein straat laan gatan vagen"},
    // what a street begins with
    {kWordStreetBefore,
     "rue avenue boulevard place impasse chemin allee quai cours passage route square calle "
     "avenida avda av plaza paseo pasaje camino carretera ronda callejon cuesta glorieta "
     "rambla travesia vial c pasadizo praia patio estacao urbanizacion canada acceso via viale "
     "piazza piazzale corso largo vicolo strada contrada borgo incrocio canale stretto rotonda "
     "ulica ul aleja aleje al plac pl osiedle os rua travessa praca alameda estrada rodovia "
     "ladeira parque passarela vereda viela trecho setor quadra residencial recanto nucleo "
     "morro loteamento lagoa lago jardim fazenda favela esplanada distrito condominio conjunto "
     "colonia chacara campo area aeroporto feira sitio trevo vale viaduto vila"},
    // parts of a building
    {kWordUnit,
     "apt apartment suite ste unit flat studio floor room piso puerta apartamento interno "
     "appartamento piano scala appartement appt bat batiment lgh lagenhet mieszkanie apto "
     "bloco bl og stock etage box"},
    // small words inside names and streets
    {kWordParticle,
     "von van van't de der den del della delle dei degli di da dos das do du des la le les los "
     "las el al y e zu zum zur af av ter ten te op in't bin ibn ben 't d l i m sur sous en und "
     "of the and ii jr sr an am im ob bei sul sulla nel nella aan bij nad pod pri"},
    // small words inside the names of people
    {kWordNameParticle,
     "von van de der den del della delle dei degli di da dos do das du des la le las los el al "
     "y e zu zum zur af av ter ten te op bin ibn ben d l"},
    // what a street begins with, that is nothing else
    {kWordStreetSure,
     "rue boulevard avenue calle avenida viale piazza piazzale vicolo ulica ul aleja rua "
     "travessa alameda rodovia estrada praca viaduto paseo impasse chemin quai urbanizacion"},
    // titles before a name
    {kWordTitle,
     "mr mrs ms miss mx dr prof professor sir dame lord lady rev reverend herr frau hr fr dipl "
     "ing monsieur madame mademoiselle mme mlle m senor senora senorita sr sra srta don dona "
     "dott dottore dottoressa sig signor signora signorina sig.ra avv dhr mevr mevrouw meneer "
     "heer drs mw pan pani panie panu panem panstwo senhor senhora seu herrn fru froken doktor "
     "doctor doctora docteur maitre me nurse officer judge captain capt sgt lt col president "
     "chancellor ceo"},
};

}  // namespace

std::span<const WordList> place_lists() { return kLists; }

}  // namespace hearth
