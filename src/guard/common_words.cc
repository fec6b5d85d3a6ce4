// SPDX-License-Identifier: Apache-2.0
// Ordinary words that are written with a capital where a sentence, a heading or a label begins, or
// that are names too: they alone make no name. In lower-case ASCII.

#include "guard/words.h"

namespace hearth {
namespace {

constexpr WordList kLists[] = {
    // English
    {kWordCommon,
     "the a an and or but if then else when while where who whom whose what which why how this "
     "that these those there here it its he she they we you i me my your his her our their him "
     "them us is are was were be been being am do does did done have has had having will would "
     "shall should can could may might must not no yes please thank thanks dear hello hi hey "
     "best kind regards yours sincerely with without within from for of to in on at by as "
     "about after before between during since until over under again further once all any both "
     "each few more most other some such only own same so than too very just now also new old "
     "good great first last next previous many much every another note see call send sent ship "
     "pay paid contact customer client patient account number card phone mobile email mail "
     "address name order invoice payment bank transfer password token key secret user username "
     "login server host file report meeting project team office company department manager "
     "director date time day week month year today tomorrow yesterday monday tuesday wednesday "
     "thursday friday saturday sunday morning evening night urgent important confidential "
     "internal public private re fwd fw subject attachment attached regarding reference "
     "summary update hotel booking reservation flight ticket delivery shipping billing house "
     "home apartment car vehicle insurance policy claim doctor nurse hospital clinic "
     "appointment diagnosis treatment record records form data information details question "
     "answer request response support help service issue problem error warning status version "
     "release code let make made get got take took give gave go went come came know knew think "
     "thought want need use used using find found tell told ask asked work works working try "
     "tried leave left put keep kept begin began show showed hear heard play run ran move live "
     "lives believe bring happen write wrote provide sit stand lose meet include continue set "
     "learn change lead understand watch follow stop create speak read allow add spend grow "
     "open walk win offer remember love consider appear buy wait serve die expect build stay "
     "fall cut reach kill remain machine learning deep neural network model models language "
     "computer science north south east west upper lower central street road avenue lane city "
     "county state country world university college school united kingdom states european "
     "union windows linux google microsoft apple amazon facebook internet web page website "
     "online software hardware application system bearer authorization basic content type "
     "header debug info warn trace interface grace hope faith joy rose mark bill june april "
     "august art frank grant jack max pat rob ray sue dawn summer autumn ivy holly hazel iris "
     "violet daisy lily pearl ruby olive penny carol chase dale dean drew earl guy jay lee "
     "miles norm paige reed rich robin skip trip wade ward wayne young long short small little "
     "big black white brown green gray grey king bishop knight abbot prince duke baron cook "
     "baker butcher carpenter mason miller smith taylor tailor turner weaver fisher hunter "
     "archer shepherd gardener porter potter cooper hall hill wood woods field fields stone "
     "rock rivers lake brook bush moss bird fox wolf lamb bull crane swan drake hawk sharp "
     "strong wise noble grand high low snow frost winter winters summers weeks person case "
     "cross price rush bond mayor major cash money church temple park parks bridge bridges "
     "gates banks wells pool mills barnes bell ball bean berry booth bowls chance christian "
     "english french german dutch holland ireland scott england marsh moon star sun sky storm "
     "rain dick don ken ed al stan sale sales post main common peace power powers spring "
     "springs walker stark branch chambers cannon savage bright golden fair mercy charity "
     "destiny journey genesis heaven miracle precious"},
    // German
    {kWordCommon,
     "der die das den dem des ein eine einer einem einen eines und oder aber wenn dann als wie "
     "wo wer was warum ich du er sie es wir ihr mich dich ihn uns euch mein dein sein unser "
     "euer ihre ist sind war waren bin bist wohne arbeite hat haben hatte wird werden wurde "
     "kann konnen muss mussen soll sollen darf nicht kein keine ja nein bitte danke hallo sehr "
     "geehrte geehrter liebe lieber mit ohne von vom zu zum zur im in am an auf aus bei beim "
     "durch fur gegen nach seit uber um unter vor zwischen heute morgen gestern montag "
     "dienstag mittwoch donnerstag freitag samstag sonntag herr frau kunde kundin name nummer "
     "telefon adresse konto karte bank zahlung rechnung auftrag bestellung vertrag "
     "versicherung firma buro abteilung termin uhr datum jahr monat woche tag zeit haus "
     "wohnung strasse stadt land patient patientin arzt arztin klinik krankenhaus befund "
     "diagnose behandlung passwort kennwort zugang server datei bericht projekt team antwort "
     "frage anfrage hilfe betreff anlage mitteilung information informationen daten schreiben "
     "brief grusse gruessen freundlichen freundliche viele unsere wegen laut ihrer ihrem ihren "
     "rufen senden schicken uberweisen wohnt wohnhaft geboren kontakt ansprechpartner mieter "
     "vermieter lieferung lieferadresse rechnungsadresse lange kurze neue alte grosse kleine "
     "klein gross schwarz weiss lang kurz jung alt braun roth stein sommer winter herbst koch "
     "konig kaiser engel vogel fuchs wolf berg busch horn kern winkler ring beste guten gute "
     "guter mai"},
    // French
    {kWordCommon,
     "le la les un une des du de et ou mais si alors quand comme qui que quoi pourquoi comment "
     "je tu il elle nous vous ils elles me te se mon ton son ma ta sa mes tes ses notre votre "
     "leur nos vos leurs est sont etait etaient suis es etes a ont avait avez avons sera "
     "habite travaille pas non oui merci bonjour bonsoir madame monsieur cher chere avec sans "
     "dans sur sous par pour en au aux chez entre depuis pendant apres avant ce cet cette ces "
     "cela aujourd demain hier lundi mardi mercredi jeudi vendredi samedi dimanche client "
     "cliente patient patiente nom numero telephone adresse compte carte banque paiement "
     "virement facture commande contrat assurance societe bureau service rendez date heure "
     "jour mois annee semaine maison appartement rue ville pays medecin docteur hopital "
     "clinique dossier traitement mot passe serveur fichier rapport projet equipe reponse "
     "question demande aide objet piece cordialement salutations veuillez envoyer appeler "
     "contacter joindre livraison facturation petit grand blanc noir brun roux bon belle roi "
     "leger gros fleury"},
    // Spanish
    {kWordCommon,
     "el la los las un una unos unas y o pero si entonces cuando como donde quien que por yo "
     "tu ella nosotros vosotros ellos ellas me te se mi su nuestro vuestro es son era eran soy "
     "eres somos estoy esta estan estaba ha han habia hay no gracias vivo trabajo llame hola "
     "buenos dias tardes noches estimado estimada querido querida con sin de del al en a para "
     "desde hasta entre sobre segun este estos estas ese esa hoy manana ayer lunes martes "
     "miercoles jueves viernes sabado domingo cliente paciente nombre numero telefono "
     "direccion cuenta tarjeta banco pago transferencia factura pedido contrato seguro empresa "
     "oficina servicio cita fecha hora dia mes ano semana casa piso calle ciudad pais medico "
     "doctora hospital clinica contrasena servidor archivo informe proyecto equipo respuesta "
     "pregunta solicitud ayuda asunto adjunto saludos atentamente enviar llamar contactar "
     "entrega blanco rubio moreno delgado leon rey santo santos cruz flores paz sol luz dulce "
     "gil pastor herrero bueno hidalgo caballero cuenca cuesta fuente sierra torres campos mar "
     "luna reyes amor angeles"},
    // Italian
    {kWordCommon,
     "il lo la i gli le un uno una e o ma se allora quando come dove chi che perche io tu lui "
     "lei noi voi loro mi ti si mio tuo suo nostro vostro sono sei siamo siete era erano ha "
     "hanno ho abbiamo non no grazie abito lavoro ciao buongiorno buonasera gentile caro cara "
     "con senza di del della dei delle dal da in nel nella a al alla per tra fra su questo "
     "questa questi queste oggi domani ieri lunedi martedi mercoledi giovedi venerdi sabato "
     "domenica cliente paziente nome numero telefono indirizzo conto carta banca pagamento "
     "bonifico fattura ordine contratto assicurazione azienda ufficio servizio appuntamento "
     "data ora giorno mese anno settimana casa appartamento via citta paese medico dottore "
     "ospedale clinica cartella password file rapporto progetto squadra risposta domanda "
     "richiesta aiuto oggetto allegato saluti cordiali distinti spedire chiamare contattare "
     "consegna bianco bianchi neri rossi leone testa villa serra sala pace stella conte re "
     "costa fiore monti fontana"},
    // Dutch
    {kWordCommon,
     "de het een en of maar als dan wanneer waar wie wat waarom hoe ik jij hij zij wij jullie "
     "mij jou hem haar ons hun mijn jouw zijn onze uw u is was waren ben bent heeft hebben had "
     "wordt worden kan kunnen moet moeten zal niet woon werk geen ja nee alstublieft bedankt "
     "dank hallo beste geachte met zonder van voor aan op in uit bij door tegen na sinds over "
     "om onder tussen vandaag morgen gisteren maandag dinsdag woensdag donderdag vrijdag "
     "zaterdag zondag klant patient naam nummer telefoon adres rekening kaart bank betaling "
     "factuur bestelling contract verzekering bedrijf kantoor afdeling afspraak datum tijd dag "
     "maand jaar week huis woning straat stad land arts ziekenhuis kliniek dossier wachtwoord "
     "server bestand rapport project team antwoord vraag verzoek hulp onderwerp bijlage "
     "groeten vriendelijke groet sturen bellen levering wit zwart groen bruin groot klein jong "
     "lange boom berg bos kok bakker visser koning"},
    // Polish
    {kWordCommon,
     "i oraz lub ale jesli kiedy jak gdzie kto co dlaczego ja ty on ona my wy oni moj twoj "
     "jego jej nasz wasz ich jest sa byl byla byli mam masz ma maja nie tak mieszkam pracuje "
     "prosze dziekuje witam dzien dobry szanowny szanowna drogi droga pan pani panstwo z ze "
     "bez od do w we na po przez dla przy pod nad miedzy o u ten ta to te dzisiaj jutro "
     "wczoraj poniedzialek wtorek sroda czwartek piatek sobota niedziela klient klientka "
     "pacjent pacjentka imie nazwisko numer telefon telefonu adres konto karta karty bank "
     "platnosc przelew faktura zamowienie umowa ubezpieczenie firma biuro dzial termin data "
     "godzina miesiac rok tydzien dom mieszkanie ulica miasto kraj lekarz szpital klinika "
     "haslo serwer plik raport projekt zespol odpowiedz pytanie prosba pomoc temat zalacznik "
     "pozdrawiam pozdrowienia wyslac zadzwonic dostawa nowy nowa stary mala duza urodzony "
     "urodzona mieszka zamieszkaly zamieszkala"},
    // Portuguese
    {kWordCommon,
     "o a os as um uma e ou mas se entao quando como onde quem que por porque eu tu ele ela "
     "nos eles elas voce voces meu minha seu sua nosso nossa sou somos era eram esta estao tem "
     "tinha ha nao sim obrigado obrigada moro trabalho ligue ola bom boa dia tarde noite "
     "prezado prezada caro cara com sem de do da dos das no na nas em para desde ate entre "
     "sobre este esse essa hoje amanha ontem segunda terca quarta quinta sexta sabado domingo "
     "cliente paciente nome numero telefone endereco conta cartao banco pagamento "
     "transferencia fatura pedido contrato seguro empresa escritorio servico consulta data "
     "hora mes ano semana casa apartamento rua cidade pais medico hospital clinica prontuario "
     "senha servidor arquivo relatorio projeto equipe resposta pergunta solicitacao ajuda "
     "assunto anexo atenciosamente abracos enviar ligar contato entrega reserva nota cruz paz "
     "luz santos campos pinto neves rocha costa porto lima"},
    // Swedish
    {kWordCommon,
     "och eller men om da nar var vem vad varfor hur jag du han hon vi ni de dem mig dig honom "
     "henne oss er min din sin vart ar har hade blir kan maste ska inte nej ja tack hej basta "
     "kara kare med utan av fran till for i pa vid efter fore sedan under over mellan den det "
     "detta denna en ett idag imorgon igar mandag tisdag onsdag torsdag fredag lordag sondag "
     "kund kunden patient patienten namn nummer telefon adress konto kort bank betalning "
     "overforing faktura bestallning avtal forsakring foretag kontor avdelning tid datum dag "
     "manad vecka hus lagenhet gata stad land lakare sjukhus klinik journal losenord server "
     "fil rapport projekt svar fraga hjalp amne bilaga halsningar vanliga skicka ringa "
     "leverans bor fodd berg lind ek holm dahl falk lund"},
};

}  // namespace

std::span<const WordList> common_lists() { return kLists; }

}  // namespace hearth
