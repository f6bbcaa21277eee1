"""Eight short texts of different kinds, written for this lesson in 2026: no model that
was trained before can have read them."""

STORY = """\
The ferryman's clock had stopped on the day his brother sailed, and nobody in \
Oldhaven had the heart to tell him. Every morning he wound it all the same, set the \
brass key on the sill, and asked the harbour what time it was. The harbour answered \
in its own way: with gulls, with the slap of a loose rope, with the smell of tar \
when the sun reached the boatyard.

On the first day of autumn a girl came down the steps with a suitcase that was far \
too big for her. She wanted to cross before noon. "Before whose noon?" the ferryman \
asked, and for the first time in eleven years he laughed. He carried the suitcase \
himself. It weighed almost nothing, and when they were halfway over he asked her \
what was inside.

"Another suitcase," she said, "and in that one there is a letter for a man who \
cannot read clocks."

He rowed on for a while without a word. The water was so still that the two shores \
seemed to have changed places.
"""

CODE = '''from dataclasses import dataclass, field


@dataclass
class Shelf:
    """Keeps jars in the order in which they were filled."""

    room: int
    jars: list[str] = field(default_factory=list)

    def put(self, name: str) -> None:
        if len(self.jars) >= self.room:
            raise ValueError(f"no room for {name!r}: {self.room} jars are here")
        self.jars.append(name)

    def take(self, name: str) -> str:
        if name not in self.jars:
            raise KeyError(name)
        self.jars.remove(name)
        return name

    def oldest(self) -> str | None:
        return self.jars[0] if self.jars else None


def move(source: Shelf, target: Shelf, name: str) -> None:
    """Move one jar; when there is no room for it, it stays where it is."""
    jar = source.take(name)
    try:
        target.put(jar)
    except ValueError:
        source.put(jar)
        raise
'''

LETTER = """Dear Mrs Halloran,

Thank you for your letter of 3 March and for the photographs of the roof. I have \
shown them to our carpenter, Mr Bright, who agrees with you: the beam above the \
north window is not safe and should not wait until the summer. He can come on \
Tuesday the 18th, in the morning, and would need about two days.

I am sorry that you had to write twice. Your first letter went to our old address in \
Mill Street, and it reached us only last week, together with a parcel for the \
dentist upstairs.

About the cost: the insurance pays for the beam itself and for the scaffold, but not \
for the new gutter. Mr Bright suggests that we mend the old one for now and look at \
it again next year. If that suits you, please sign the enclosed form and send it \
back before Friday. If it does not, telephone me at the office and we shall find \
another way.

With kind regards, also to your sister,

Edwin Marlowe
"""

RECIPE = """Barley soup with roasted carrots (serves 4)

You need: 150 g pearl barley, 6 carrots, 2 onions, 1 stick of celery, 1.2 litres of \
vegetable stock, 2 tablespoons of olive oil, a teaspoon of cumin, a bay leaf, the \
juice of half a lemon, salt and black pepper, a handful of parsley.

1. Heat the oven to 200 °C. Cut the carrots into finger-long pieces, toss them with \
half of the oil and the cumin, and roast them for 25 minutes, until the edges are \
dark.
2. Meanwhile, chop the onions and the celery and let them soften in the rest of the \
oil over a low heat. This takes ten minutes; do not let them brown.
3. Add the barley and stir for a minute. Pour in the stock, add the bay leaf, and \
simmer for half an hour with the lid half open.
4. Take out the bay leaf. Cut half of the carrots into small cubes and add them to \
the soup. Season with lemon juice, salt and pepper.
5. Serve with the other carrots on top and plenty of parsley. The soup thickens \
overnight: add a little water when you warm it up.
"""

EXPLANATION = """\
Why does a wet road look darker than a dry one? A dry road is rough. Light that \
falls on it is thrown back in every direction by thousands of tiny edges, and some \
of it always reaches the eye, wherever you stand. When it rains, water fills the \
pores between the grains. At the border between water and stone light bends less \
than at the border between air and stone, so more of it goes on into the material \
instead of turning back at once. It meets more grains, and at every meeting a little \
of it is absorbed.

There is a second reason. The surface of the water is smooth, and part of the light \
that comes back from below is reflected at that surface and sent down again. It has \
to pass through the stone another time before it can escape. Both effects take light \
away, and neither of them changes the colour very much: a wet brick is a darker red, \
but it is still red.

The same thing happens to sand on a beach, to cotton, and to paper, which becomes \
darker and at the same time easier to see through.
"""

DIALOGUE = """Nadia: Did you get the tickets?
Tom: I did, but not for the seven o'clock. That one was sold out. We're going at a \
quarter past nine.
Nadia: A quarter past nine? I have to be at work at six tomorrow.
Tom: I know. I thought you might want to sleep at my place, it's closer to the hospital.
Nadia: That's kind, but I'd need my uniform, and it's still in the wash.
Tom: So we fetch it on the way. The laundry is open until eight.
Nadia: You've thought of everything, haven't you?
Tom: Not everything. I forgot to ask whether you like puppets.
Nadia: Puppets? You said it was a concert!
Tom: It's a concert. With puppets. The reviews are very good, honestly.
Nadia: Who plays?
Tom: A string quartet, and behind them somebody moves a wooden whale, nearly four \
metres long.
Nadia: All right. I'll come for the whale. But you're paying for the coffee at half \
past five.
Tom: Deal. I'll even get up and make it.
"""

MINUTES = """Minutes of the allotment society, general meeting, 12 October

Present: 23 members; apologies from Mr Osei and the Lindqvist family. Chair: R. \
Teague. Minutes: P. Anand.

1. The minutes of the spring meeting were approved without changes.
2. Water. The pump failed twice in July. The committee has two offers for a new one: \
1,480 for a pump of the same size and 2,150 for a larger one with a filter. After \
some discussion the meeting voted for the larger pump (17 in favour, 4 against, 2 \
abstentions). It will be paid from the reserve, which then stands at 3,905.
3. Plots. Plots 8, 14 and 31 are free from November. There are nine names on the \
waiting list; P. Anand will write to the first three.
4. Bonfires. Two neighbours have complained about smoke. From now on fires are \
allowed only on Saturdays between 10 and 12, and only with dry wood.
5. Any other business. The seed exchange takes place on 8 February in the school \
hall. Mrs Doyle was thanked for thirty years of marmalade.

The meeting closed at 21.20.
"""

POEM = """The lamp-man's daughter learned the street
by counting what he could not see:
eleven doors, a drain, a heat
of bakers' walls, a walnut tree.

He lit the dark from end to end
and never knew how bright it grew;
she walked ahead of him to lend
her eyes, as lamplit children do.

"What colour is the flame?" he said.
"It's like the warm side of a stone,
it's like the crust of morning bread,
it's like a voice you've always known."

"And is the street behind us bright?"
She turned, and saw the long gold thread
that he had drawn across the night,
and squeezed his hand, and only said:

"There is a woman at her door
who reads a letter by your flame.
There is a dog that slept before
and gets up now to hear your name.

There is a boy who lost a shoe
and finds it, shining, in the lane.
There is no dark that follows you.
There is a road, and then the rain."
"""

TEXTS = {
    "story": STORY,
    "code": CODE,
    "letter": LETTER,
    "recipe": RECIPE,
    "explanation": EXPLANATION,
    "dialogue": DIALOGUE,
    "minutes": MINUTES,
    "poem": POEM,
}
