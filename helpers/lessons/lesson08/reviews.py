"""Forty-eight short reviews, written for this lesson in 2026, half of them positive: 24
to show as examples, 24 to judge. No model trained before can have read them.
"""

SHOWN_POSITIVE = (
    "The soup arrived hot and the bread was still warm. We will be back.",
    "A film that made three generations of us laugh at the same jokes.",
    "The tent stayed dry through two nights of storm.",
    "She explains fractions so well that my son now asks for more.",
    "Quiet room, firm bed, and a view of the harbour at breakfast.",
    "I finished the book on the train and missed my stop.",
    "The drill is light, strong and charges in half an hour.",
    "Best haircut I have had in years, and she listened.",
    "Clear, funny and well paced: I recommend the course to everyone.",
    "The dentist was gentle, and it was over in ten minutes.",
    "Fresh pasta, generous portions, and a cook who sings.",
    "The app found the right train every time, even on Sunday.",
)
SHOWN_NEGATIVE = (
    "The zip broke on the first day and nobody answered my letters.",
    "Two hours of people shouting in the dark. I left before the end.",
    "Our table was sticky and the fish was cold in the middle.",
    "The guide forgot half of the tour and read the rest from a phone.",
    "The kettle leaks, and after a week it smelled of burnt plastic.",
    "I could hear every word of the neighbours through the wall.",
    "The plot makes no sense and the ending even less.",
    "They painted over the damp, and a month later it was back.",
    "The teacher was late every week and did not know our names.",
    "He drilled into the wrong tooth and never apologised.",
    "Overpriced, noisy, and the waiter rolled his eyes at us.",
    "The map in the app is wrong, and we ended up in a quarry.",
)
JUDGED_POSITIVE = (
    "The violinist played so softly that nobody dared to cough.",
    "My grandmother asked for a second slice, and she never does.",
    "The boots fitted at once and have not let in a drop.",
    "Friendly staff, fair prices, and the bus stops at the door.",
    "The last chapter is worth the price of the whole book.",
    "They repaired my bicycle while I waited and charged almost nothing.",
    "A garden full of birds, and the children did not want to leave.",
    "The lamp gives a warm light and was easy to put together.",
    "The glue holds, dries clear and does not smell.",
    "Two hours flew by, and the ending gave me goose bumps.",
    "The nurse remembered my name and made my daughter smile.",
    "The oven heats evenly and is very easy to clean.",
)
JUDGED_NEGATIVE = (
    "The orchestra was out of tune and the hall was freezing.",
    "The cake was dry, and there was a hair in the cream.",
    "After one wash the shirt fits only my little brother.",
    "We waited an hour for a taxi that never came.",
    "A dull story about dull people, and much too long.",
    "They lost my parcel and then asked me to pay for it.",
    "The pool was green and the towels had stains.",
    "The battery dies before lunch and the screen flickers.",
    "The pen stained my bag and then stopped writing.",
    "I paid for a sea view and looked at a car park.",
    "The sequel repeats every joke and explains it twice.",
    "The wardrobe came without screws and with a cracked door.",
)
LABELS = " negative", " positive"  # as the model writes them, by the class 0 or 1
SHOWN = [(text, 1) for text in SHOWN_POSITIVE] + [(text, 0) for text in SHOWN_NEGATIVE]
JUDGED = [(text, 1) for text in JUDGED_POSITIVE]
JUDGED += [(text, 0) for text in JUDGED_NEGATIVE]


def question(text: str) -> str:
    """Return a review as a prompt that a label would continue."""
    return f"Review: {text}\nSentiment:"


def answered(text: str, label: int) -> str:
    """Return a review with its label behind it, as an example in a prompt."""
    return f"{question(text)}{LABELS[label]}\n\n"
