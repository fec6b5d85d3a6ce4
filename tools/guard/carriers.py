# SPDX-License-Identifier: Apache-2.0
"""The texts around the values of tools/guard_corpus, in two disjoint sets.

DEVELOPMENT is what detectors may be looked at with; HELD_OUT is for judging them, and no detector was changed for what it
showed. {KIND} is where a value goes. Kinds of documents that people write in English wherever they live (logs,
configuration) stand under "any".
"""

NEIGHBOURS = {"none": ("", ""), "brackets": ("(", ")"), "quotes": ('"', '"'), "number behind": ("", ", no. 4821"),
              "number before": ("17: ", ""), "line end": ("", "\n")}

DEVELOPMENT = {
    "any": [
        "Client connected from {IP} at 14:02:11", "interface eth0 hwaddr {MAC} up", "Dropped pin at {COORDINATES} near the trailhead",
        "DATABASE_URL={URL_CREDENTIALS}", "export API_KEY={TOKEN}", "Authorization: Bearer {TOKEN}", "password: {PASSWORD}",
        "Here is the key:\n{PRIVATE_KEY}\nDo not lose it.", "VIN: {VIN}", "The chassis reads {VIN} on the plate",
        "routing number {ABA}, checking", "ABA {ABA}", "NHS number: {NHS}", "Her NHS no. is {NHS} on the letter", "Aadhaar: {AADHAAR}",
        "My Aadhaar card shows {AADHAAR} as the id", "SSN: {SSN}", "my social security number is {SSN}",
        "login failed for {EMAIL} from {IP}", "{TOKEN} was found in the repository",
    ],
    "en": [
        "My name is {PERSON} and I would like to cancel.", "Dear {PERSON},\nthank you for your order.", "The patient {PERSON} was seen today.",
        "Please ship it to {ADDRESS} before Friday.", "I live at {ADDRESS} with my brother.", "We signed with {ORGANISATION} last week.",
        "Invoice from {ORGANISATION} is overdue.", "Call me on {PHONE} after six.", "Phone: {PHONE}", "Write to {EMAIL} please.",
        "She was born on {BIRTH_DATE} in the north.", "DOB: {BIRTH_DATE}", "Charge my card {CARD} for it.", "Card number: {CARD}",
        "Send it to IBAN {IBAN} today.", "{PERSON} works for {ORGANISATION} and can be reached at {PHONE}.",
        "Yesterday {PERSON} called about the broken heater.", "National insurance or tax id: {NATIONAL_ID}",
    ],
    "de": [
        "Ich heiße {PERSON} und möchte kündigen.", "Sehr geehrter Herr {PERSON},\nvielen Dank für Ihre Bestellung.", "Die Patientin {PERSON} wurde heute untersucht.",
        "Bitte liefern Sie an {ADDRESS} bis Freitag.", "Ich wohne in der {ADDRESS} mit meinem Bruder.", "Wir haben mit {ORGANISATION} einen Vertrag.",
        "Rufen Sie mich unter {PHONE} an.", "Telefon: {PHONE}", "Schreiben Sie an {EMAIL} bitte.", "Sie wurde am {BIRTH_DATE} geboren.",
        "Geburtsdatum: {BIRTH_DATE}", "Belasten Sie meine Karte {CARD} damit.", "Überweisen Sie auf IBAN {IBAN} heute.", "Steuer-ID: {NATIONAL_ID}",
    ],
    "fr": [
        "Je m'appelle {PERSON} et je souhaite annuler.", "Cher {PERSON},\nmerci pour votre commande.", "Le patient {PERSON} a été vu aujourd'hui.",
        "Merci de livrer à {ADDRESS} avant vendredi.", "J'habite {ADDRESS} avec mon frère.", "Nous avons signé avec {ORGANISATION} hier.",
        "Appelez-moi au {PHONE} ce soir.", "Téléphone : {PHONE}", "Écrivez à {EMAIL} svp.", "Elle est née le {BIRTH_DATE} dans le nord.",
        "Date de naissance : {BIRTH_DATE}", "Débitez ma carte {CARD} svp.", "Virement sur IBAN {IBAN} demain.", "Numéro de sécurité sociale : {NATIONAL_ID}",
    ],
    "es": [
        "Me llamo {PERSON} y quiero cancelar.", "Estimado {PERSON}:\ngracias por su pedido.", "El paciente {PERSON} fue visto hoy.",
        "Envíenlo a {ADDRESS} antes del viernes.", "Vivo en {ADDRESS} con mi hermano.", "Firmamos con {ORGANISATION} ayer.",
        "Llámame al {PHONE} esta tarde.", "Teléfono: {PHONE}", "Escriba a {EMAIL} por favor.", "Nació el {BIRTH_DATE} en el norte.",
        "Fecha de nacimiento: {BIRTH_DATE}", "Cargue mi tarjeta {CARD} por favor.", "Transferencia al IBAN {IBAN} mañana.", "DNI: {NATIONAL_ID}",
    ],
    "it": [
        "Mi chiamo {PERSON} e vorrei disdire.", "Gentile {PERSON},\ngrazie per il suo ordine.", "Il paziente {PERSON} è stato visto oggi.",
        "Spedite a {ADDRESS} entro venerdì.", "Abito in {ADDRESS} con mio fratello.", "Abbiamo firmato con {ORGANISATION} ieri.",
        "Chiamami al {PHONE} stasera.", "Telefono: {PHONE}", "Scrivere a {EMAIL} per favore.", "È nata il {BIRTH_DATE} al nord.",
        "Data di nascita: {BIRTH_DATE}", "Addebitate la carta {CARD} grazie.", "Bonifico su IBAN {IBAN} domani.", "Codice fiscale: {NATIONAL_ID}",
    ],
    "nl": [
        "Ik heet {PERSON} en wil opzeggen.", "Beste {PERSON},\nbedankt voor uw bestelling.", "De patiënt {PERSON} is vandaag gezien.",
        "Graag leveren op {ADDRESS} voor vrijdag.", "Ik woon op {ADDRESS} met mijn broer.", "Wij tekenden gisteren met {ORGANISATION} een contract.",
        "Bel mij op {PHONE} vanavond.", "Telefoon: {PHONE}", "Schrijf naar {EMAIL} alstublieft.", "Zij is geboren op {BIRTH_DATE} in het noorden.",
        "Geboortedatum: {BIRTH_DATE}", "Belast mijn kaart {CARD} ervoor.", "Overmaken naar IBAN {IBAN} morgen.", "BSN: {NATIONAL_ID}",
    ],
    "pl": [
        "Nazywam się {PERSON} i chcę zrezygnować.", "Szanowny Panie {PERSON},\ndziękujemy za zamówienie.", "Pacjent {PERSON} był dzisiaj u nas.",
        "Proszę wysłać na {ADDRESS} do piątku.", "Mieszkam pod adresem {ADDRESS} z bratem.", "Podpisaliśmy umowę z {ORGANISATION} wczoraj.",
        "Proszę dzwonić pod {PHONE} wieczorem.", "Telefon: {PHONE}", "Proszę pisać na {EMAIL} w tej sprawie.", "Urodzona {BIRTH_DATE} na północy.",
        "Data urodzenia: {BIRTH_DATE}", "Proszę obciążyć kartę {CARD} dzisiaj.", "Przelew na IBAN {IBAN} jutro.", "PESEL: {NATIONAL_ID}",
    ],
    "pt": [
        "Meu nome é {PERSON} e quero cancelar.", "Prezado {PERSON},\nobrigado pelo seu pedido.", "O paciente {PERSON} foi visto hoje.",
        "Enviem para {ADDRESS} até sexta.", "Moro em {ADDRESS} com meu irmão.", "Assinamos com {ORGANISATION} ontem.",
        "Ligue para {PHONE} hoje à noite.", "Telefone: {PHONE}", "Escreva para {EMAIL} por favor.", "Ela nasceu em {BIRTH_DATE} no norte.",
        "Data de nascimento: {BIRTH_DATE}", "Cobrem no cartão {CARD} por favor.", "Transferência para IBAN {IBAN} amanhã.", "CPF: {NATIONAL_ID}",
    ],
    "sv": [
        "Jag heter {PERSON} och vill säga upp avtalet.", "Hej {PERSON},\ntack för din beställning.", "Patienten {PERSON} var här idag.",
        "Skicka det till {ADDRESS} före fredag.", "Jag bor på {ADDRESS} med min bror.", "Vi skrev avtal med {ORGANISATION} igår.",
        "Ring mig på {PHONE} ikväll.", "Telefon: {PHONE}", "Skriv till {EMAIL} tack.", "Hon är född {BIRTH_DATE} i norr.",
        "Födelsedatum: {BIRTH_DATE}", "Debitera mitt kort {CARD} för det.", "Betala till IBAN {IBAN} imorgon.", "Personnummer: {NATIONAL_ID}",
    ],
}

HELD_OUT = {
    "any": [
        "[warn] too many requests by {IP}, blocked for 600 s", "arp entry {MAC} is stale", "Meeting point: {COORDINATES} (parking lot)",
        "clone with {URL_CREDENTIALS}/repo.git instead", "client_secret = \"{TOKEN}\"", "x-auth-token: {TOKEN}", "the admin password is {PASSWORD} for now",
        "cat id_rsa\n{PRIVATE_KEY}", "I want to sell the car with vehicle number {VIN} next month", "wire transfer, routing {ABA}, savings",
        "Referral for NHS {NHS}, urgent", "linked with aadhaar {AADHAAR} since May", "the form asks for an SSN, it is {SSN} in her case",
        "user {EMAIL} changed the settings from {IP}", "{VIN}", "{NHS}", "{AADHAAR}", "{ABA}", "{CARD}", "{IBAN}", "{EMAIL}",
        "debug: token={TOKEN} user=12", "{COORDINATES} is where we parked",
    ],
    "en": [
        "Hi, this is {PERSON} from the second floor.", "Could you forward this to {PERSON} when you have a minute?", "Witness: {PERSON}. The statement follows.",
        "The parcel goes to {ADDRESS}. Thanks!", "New address since March: {ADDRESS}", "He has been employed by {ORGANISATION} since 2019.",
        "According to {ORGANISATION}, the shipment was late.", "You can reach the landlord at {PHONE} most days.", "Fax {PHONE}", "My mail is {EMAIL} if that helps.",
        "Date of birth {BIRTH_DATE}, allergic to nuts.", "Paid with {CARD}, exp 09/27.", "The account to use is {IBAN} as always.",
        "{PERSON} ({EMAIL}) moved to {ADDRESS} and left {ORGANISATION}.", "I spoke with {PERSON} about the deposit.", "Identity document {NATIONAL_ID} was shown.",
    ],
    "de": [
        "Guten Tag, hier spricht {PERSON} vom zweiten Stock.", "Können Sie das an {PERSON} weiterleiten?", "Zeuge: {PERSON}. Die Aussage folgt.",
        "Das Paket geht an {ADDRESS}. Danke!", "Neue Anschrift seit März: {ADDRESS}", "Er ist seit 2019 bei {ORGANISATION} angestellt.",
        "Der Vermieter ist unter {PHONE} erreichbar.", "Fax {PHONE}", "Meine Mail ist {EMAIL} falls das hilft.", "Geboren am {BIRTH_DATE}, Allergie gegen Nüsse.",
        "Bezahlt mit {CARD}, gültig bis 09/27.", "Das Konto ist wie immer {IBAN} gewesen.", "Steuernummer {NATIONAL_ID} wurde angegeben.",
    ],
    "fr": [
        "Bonjour, ici {PERSON} du deuxième étage.", "Pouvez-vous transmettre à {PERSON} rapidement ?", "Témoin : {PERSON}. La déclaration suit.",
        "Le colis part à {ADDRESS}. Merci !", "Nouvelle adresse depuis mars : {ADDRESS}", "Il travaille chez {ORGANISATION} depuis 2019.",
        "Le propriétaire est joignable au {PHONE} en journée.", "Fax {PHONE}", "Mon mail est {EMAIL} si besoin.", "Né le {BIRTH_DATE}, allergique aux noix.",
        "Payé avec {CARD}, exp. 09/27.", "Le compte est toujours {IBAN} chez eux.", "Numéro d'identité {NATIONAL_ID} présenté.",
    ],
    "es": [
        "Hola, soy {PERSON} del segundo piso.", "¿Puede reenviar esto a {PERSON} cuando pueda?", "Testigo: {PERSON}. Sigue la declaración.",
        "El paquete va a {ADDRESS}. ¡Gracias!", "Nueva dirección desde marzo: {ADDRESS}", "Trabaja en {ORGANISATION} desde 2019.",
        "El dueño está en el {PHONE} por las mañanas.", "Fax {PHONE}", "Mi correo es {EMAIL} por si acaso.", "Nacido el {BIRTH_DATE}, alérgico a las nueces.",
        "Pagado con {CARD}, cad. 09/27.", "La cuenta es {IBAN} como siempre.", "Documento de identidad {NATIONAL_ID} mostrado.",
    ],
    "it": [
        "Buongiorno, sono {PERSON} del secondo piano.", "Può inoltrare questo a {PERSON} quando può?", "Testimone: {PERSON}. Segue la dichiarazione.",
        "Il pacco va a {ADDRESS}. Grazie!", "Nuovo indirizzo da marzo: {ADDRESS}", "Lavora presso {ORGANISATION} dal 2019.",
        "Il proprietario risponde al {PHONE} di mattina.", "Fax {PHONE}", "La mia mail è {EMAIL} se serve.", "Nato il {BIRTH_DATE}, allergico alle noci.",
        "Pagato con {CARD}, scad. 09/27.", "Il conto è {IBAN} come sempre.", "Documento con codice {NATIONAL_ID} mostrato.",
    ],
    "nl": [
        "Hallo, u spreekt met {PERSON} van de tweede verdieping.", "Kunt u dit doorsturen naar {PERSON} als het kan?", "Getuige: {PERSON}. De verklaring volgt.",
        "Het pakket gaat naar {ADDRESS}. Dank!", "Nieuw adres sinds maart: {ADDRESS}", "Hij werkt sinds 2019 bij {ORGANISATION} in dienst.",
        "De verhuurder is bereikbaar op {PHONE} overdag.", "Fax {PHONE}", "Mijn mail is {EMAIL} als dat helpt.", "Geboren op {BIRTH_DATE}, allergisch voor noten.",
        "Betaald met {CARD}, geldig tot 09/27.", "De rekening is {IBAN} zoals altijd.", "Burgerservicenummer {NATIONAL_ID} is genoteerd.",
    ],
    "pl": [
        "Dzień dobry, tu {PERSON} z drugiego piętra.", "Czy może Pan przekazać to do {PERSON} dzisiaj?", "Świadek: {PERSON}. Zeznanie poniżej.",
        "Paczka idzie na {ADDRESS}. Dziękuję!", "Nowy adres od marca: {ADDRESS}", "Pracuje w {ORGANISATION} od 2019 roku.",
        "Właściciel jest pod numerem {PHONE} rano.", "Faks {PHONE}", "Mój mail to {EMAIL} w razie czego.", "Data urodzenia {BIRTH_DATE}, alergia na orzechy.",
        "Zapłacono kartą {CARD}, ważna do 09/27.", "Konto to {IBAN} jak zawsze.", "Numer PESEL {NATIONAL_ID} podano.",
    ],
    "pt": [
        "Olá, aqui é {PERSON} do segundo andar.", "Pode encaminhar isto para {PERSON} quando puder?", "Testemunha: {PERSON}. Segue o depoimento.",
        "O pacote vai para {ADDRESS}. Obrigado!", "Novo endereço desde março: {ADDRESS}", "Trabalha na {ORGANISATION} desde 2019.",
        "O proprietário atende em {PHONE} de manhã.", "Fax {PHONE}", "Meu e-mail é {EMAIL} se ajudar.", "Nascido em {BIRTH_DATE}, alérgico a nozes.",
        "Pago com {CARD}, val. 09/27.", "A conta é {IBAN} como sempre.", "Documento CPF {NATIONAL_ID} apresentado.",
    ],
    "sv": [
        "Hej, det här är {PERSON} från andra våningen.", "Kan du vidarebefordra detta till {PERSON} när du hinner?", "Vittne: {PERSON}. Utsagan följer.",
        "Paketet går till {ADDRESS}. Tack!", "Ny adress sedan mars: {ADDRESS}", "Han är anställd hos {ORGANISATION} sedan 2019.",
        "Värden nås på {PHONE} på dagarna.", "Fax {PHONE}", "Min mejl är {EMAIL} om det hjälper.", "Född {BIRTH_DATE}, allergisk mot nötter.",
        "Betalt med {CARD}, giltigt till 09/27.", "Kontot är {IBAN} som vanligt.", "Personnumret är {NATIONAL_ID} enligt journalen.",
    ],
}

# Without anything personal.
CLEAN = {
    "development": {
        "en": ["The meeting on Monday is moved to 14:30 in room 204.", "Version 2.4.1 fixes 17 bugs and needs 512 MB of memory.", "Order 48213 contains 12 items for 199.90 USD."],
        "de": ["Die Besprechung am Montag beginnt um 14:30 Uhr in Raum 204.", "Version 2.4.1 behebt 17 Fehler und braucht 512 MB Speicher."],
        "fr": ["La réunion de lundi commence à 14h30 en salle 204.", "La version 2.4.1 corrige 17 erreurs."],
        "es": ["La reunión del lunes empieza a las 14:30 en la sala 204.", "La versión 2.4.1 corrige 17 errores."],
        "it": ["La riunione di lunedì inizia alle 14:30 nella sala 204.", "La versione 2.4.1 corregge 17 errori."],
        "nl": ["De vergadering van maandag begint om 14:30 in zaal 204.", "Versie 2.4.1 verhelpt 17 fouten."],
        "pl": ["Spotkanie w poniedziałek zaczyna się o 14:30 w sali 204.", "Wersja 2.4.1 usuwa 17 błędów."],
        "pt": ["A reunião de segunda começa às 14:30 na sala 204.", "A versão 2.4.1 corrige 17 erros."],
        "sv": ["Mötet på måndag börjar 14:30 i sal 204.", "Version 2.4.1 rättar 17 fel."],
    },
    "held_out": {
        "en": ["Please review the attached draft; pages 12 to 18 need new figures.", "The battery lasts 11 hours and charges in 95 minutes.", "Chapter 3 explains how Neural Networks learn from 60,000 images."],
        "de": ["Bitte prüfen Sie den Entwurf; die Seiten 12 bis 18 brauchen neue Zahlen.", "Der Akku hält 11 Stunden und lädt in 95 Minuten."],
        "fr": ["Merci de relire le brouillon ; les pages 12 à 18 sont à revoir.", "La batterie tient 11 heures."],
        "es": ["Por favor revise el borrador; las páginas 12 a 18 necesitan cifras nuevas.", "La batería dura 11 horas."],
        "it": ["Per favore rivedete la bozza; le pagine da 12 a 18 sono da rifare.", "La batteria dura 11 ore."],
        "nl": ["Controleer het concept; pagina 12 tot 18 hebben nieuwe cijfers nodig.", "De accu gaat 11 uur mee."],
        "pl": ["Proszę przejrzeć szkic; strony od 12 do 18 wymagają nowych danych.", "Bateria działa 11 godzin."],
        "pt": ["Por favor revise o rascunho; as páginas 12 a 18 precisam de novos números.", "A bateria dura 11 horas."],
        "sv": ["Granska utkastet; sidorna 12 till 18 behöver nya siffror.", "Batteriet räcker i 11 timmar."],
    },
}


def templates(locale, which):
    texts = DEVELOPMENT if which == "development" else HELD_OUT
    return texts[locale[:2]] + texts["any"]


def clean(locale, which):
    return CLEAN[which][locale[:2]]
