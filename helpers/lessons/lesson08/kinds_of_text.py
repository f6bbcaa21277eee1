"""One sentence in five languages, and rows of digits and blanks: how many tokens?"""

SENTENCES = {
    "English": "Every morning the ferryman wound his clock, and then he asked the "
    "harbour what time it was.",
    "French": "Chaque matin, le passeur remontait son horloge, puis il demandait "
    "l'heure au port.",
    "German": "Jeden Morgen zog der Fährmann seine Uhr auf und fragte dann den Hafen "
    "nach der Zeit.",
    "Greek": "Κάθε πρωί ο βαρκάρης κούρδιζε το ρολόι του και μετά ρωτούσε το λιμάνι τι "
    "ώρα είναι.",
    "Chinese": "每天早上，船夫给钟上弦，然后问港口现在几点。",
}
ROWS = {"32 digits": "31415926535897932384626433832795", "32 blanks": " " * 32}
