// SPDX-License-Identifier: Apache-2.0
// Words near which a number or a text means something, in the languages of the ten locales, in
// lower-case ASCII.

#include "guard/words.h"

namespace hearth {
namespace {

constexpr WordList kLists[] = {
    // payment cards
    {kNearCard,
     "card cards visa mastercard amex maestro discover creditcard karte kreditkarte "
     "kartennummer kartennr carte tarjeta carta kaart pasnummer karta karty cartao kort "
     "kortnummer kortet cvv cvc debit credito bancaria bleue diners jcb pan"},
    // bank accounts
    {kNearIban,
     "iban konto kontonummer bankverbindung compte cuenta conto rekening rekeningnummer "
     "rachunek rachunku conta konta account rib swift bic sepa"},
    // routing numbers
    {kNearRouting, "routing aba rtn transit fedwire"},
    // British patients
    {kNearNhs, "nhs"},
    // Indian residents
    {kNearAadhaar, "aadhaar aadhar uidai uid"},
    // US social security
    {kNearSocialSecurity, "ssn ss social security"},
    // national identity and tax numbers
    {kNearNationalId,
     "dni nie nif codice fiscale cf nir insee securite sociale secu personnummer personnumret "
     "personnr nino insurance national identity identidad identite identiteit identyfikacyjny "
     "taxpayer"},
    // Dutch
    {kNearBsn | kNearNationalId, "bsn burgerservicenummer sofinummer"},
    // Polish
    {kNearPesel | kNearNationalId, "pesel pesela"},
    // Brazilian
    {kNearCpf | kNearNationalId, "cpf contribuinte"},
    // German
    {kNearGermanTax | kNearNationalId,
     "steuer steuernummer steueridentifikationsnummer steuerid idnr tin"},
    // vehicles
    {kNearVehicle,
     "vin chassis fahrgestellnummer fahrzeugidentifikationsnummer vehicle bastidor telaio "
     "chassisnummer chassi fordon"},
    // telephones
    {kNearPhone,
     "phone phones telephone tel tels mobile mobil cell cellphone cellular fax call calls "
     "calling ring rang reach reached text sms whatsapp dial telefon telefonnummer telefonisch "
     "handy handynummer rufnummer anrufen anruf ruf ruft rufen erreichbar erreichen durchwahl "
     "appel appeler appelez appelle telephoner portable joindre joignable rappeler rappelez "
     "telefono movil celular llamar llama llame llamame llamada llamenos cellulare chiamare "
     "chiama chiami chiamami chiamata telefonare recapito telefoon telefoonnummer bellen bel "
     "belt gsm mobiel 06 telefonu numer komorka komorkowy zadzwon dzwonic zadzwonic dzwon "
     "telefonem telefone ligar ligue liga ligou contato fone zap telefonnr ringa mobilnummer "
     "na nas nu tfn"},
    // birth
    {kNearBirth,
     "born birth birthday birthdate dob geboren geb geburt geburtsdatum geburtstag gebursttag "
     "naissance ne nee nacido nacida nacio nacimiento nato nata nascita nascido nascida nasceu "
     "nascimento geboortedatum geboorte urodzony urodzona urodzenia urodzin ur fodd "
     "fodelsedatum fodelsedag fodelse f"},
    // passwords
    {kNearPassword,
     "password passwd pwd passphrase passcode pass pw passwort kennwort motdepasse mdp passe "
     "contrasena clave contrasenas parola wachtwoord haslo haslem senha losenord pin "
     "kennwoerter geslo"},
    // keys and tokens
    {kNearToken,
     "token secret key apikey api_key bearer auth authorization authtoken accesskey privatekey "
     "secretkey jwt credential schluessel schlussel chave clave llave cle chiave sleutel klucz "
     "nyckel api webhook signature hmac salt"},
    // places on the globe
    {kNearCoordinates,
     "lat lon lng long latitude longitude coordinates coordinate coords gps breitengrad "
     "langengrad laengengrad koordinaten coordonnees latitud longitud coordenadas latitudine "
     "longitudine coordinaten wspolrzedne koordinater position standort"},
    // numbers of things
    {kNearOtherNumber,
     "order invoice version ticket article isbn issn sku serial build release tracking parcel "
     "reference ref bestellung bestellnummer rechnung rechnungsnummer artikel artikelnummer "
     "sendung seriennummer commande facture pedido factura ordine fattura bestelling factuur "
     "zamowienie faktura faktury nota ordernummer fakturanummer artikelnr case item part model "
     "batch lot doi rfc euro eur usd dollars euros zl kr gbp brl population rows bytes"},
    // behind which a name stands
    {kWordNameLabel,
     "name names named nombre nom nome naam imie nazwisko namn customer client patientin "
     "patienten pacjent pacjentka pacienta patient patiente paciente paziente kunde kundin "
     "klant klient cliente tenant mieter applicant employee mitarbeiter contact recipient "
     "empfaenger empfanger sender absender signed unterzeichnet called heisse heie heisst "
     "appelle llamo chiamo heet nazywam heter ansprechpartner destinatario bonjour am bin suis "
     "soy sono ben jestem sou ar vriendelijke"},
    // before a name at the beginning or end of a letter
    {kWordGreeting,
     "dear hi hello hey hallo liebe lieber sehr geehrter geehrte cher chere bonjour salut "
     "querido querida estimado estimada hola caro cara gentile ciao beste geachte hoi drogi "
     "droga szanowny szanowna czesc prezado prezada ola oi hej kara kare basta regards "
     "sincerely gruessen grussen gruss gru cordialement saludos saluti groeten groet "
     "pozdrawiam pozdrowieniami abracos atenciosamente halsningar halsning thanks danke merci "
     "gracias grazie bedankt dziekuje obrigado obrigada tack yours cheers"},
    // months
    {kWordMonth,
     "january february march april may june july august september october november december "
     "jan feb mar apr jun jul aug sep sept oct nov dec januar februar marz maerz mai juni juli "
     "oktober dezember janvier fevrier mars avril juin juillet aout septembre octobre novembre "
     "decembre enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
     "diciembre gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre "
     "januari februari maart mei augustus stycznia lutego marca kwietnia maja czerwca lipca "
     "sierpnia wrzesnia pazdziernika listopada grudnia janeiro fevereiro marco maio junho "
     "julho setembro outubro novembro dezembro maj augusti"},
    // behind the name of a company
    {kWordCompany,
     "inc incorporated gbr asociados zonen figli filhos hijos soner llc llp ltd limited plc "
     "corp corporation company gmbh ug kgaa ohg stiftung genossenschaft sarl eurl sas spa srl "
     "snc sapa bv nv cv vof ab hb kb ltda eireli group groep gruppe gruppo holding holdings "
     "sons fils hermanos associates partners partnership foundation bank university hospital "
     "institute agency ministry school college clinic laboratories industries enterprises "
     "solutions consulting technologies services systems motors airlines pharmaceuticals "
     "insurance"},
    // before it
    {kWordCompanyBefore,
     "grupo stichting royal fundacja fundacion fondation stowarzyszenie spoldzielnia gabinety "
     "stiftung koninklijke gruppo societe compania compagnie banco banca banque universidad "
     "universidade universite universita universitat universiteit uniwersytet fundacao "
     "associacao ppuh fpuh phu grupa hermanos hnos familia minister klinikum krankenhaus"},
};

}  // namespace

std::span<const WordList> context_lists() { return kLists; }

}  // namespace hearth
