"""Every question and answer that osler-nano is taught, as tables of words.

The long prompt is the official wording of MedGemma's notebook on anatomy localisation
(Google-Health/medgemma, notebooks/cxr_anatomy_localization_with_hugging_face.ipynb).
"""

LOCALISE = (
    "Instructions:\nThe following user query will require outputting bounding boxes. The format of bounding boxes "
    "coordinates is [y0, x0, y1, x1] where (y0, x0) must be top-left corner and (y1, x1) the bottom-right corner. "
    "This implies that x0 < x1 and y0 < y1. Always normalize the x and y coordinates the range [0, 1000], meaning "
    "that a bounding box starting at 15% of the image width would be associated with an x coordinate of 150. You "
    "MUST output a single parseable json list of objects enclosed into ```json...``` brackets, for instance "
    '```json[{"box_2d": [800, 3, 840, 471], "label": "car"}, {"box_2d": [400, 22, 600, 73], "label": "dog"}]``` is '
    'a valid output. Now answer to the user query.\n\nRemember "left" refers to the patient\'s left side where the '
    "heart is and sometimes underneath an L in the upper right corner of the image.\n\nQuery:\nWhere is the "
    '{thing}? Don\'t give a final answer without reasoning. Output the final answer in the format "Final Answer: X" '
    'where X is a JSON list of objects. The object needs a "box_2d" and "label" key. Answer:'
)
FINAL_YES_NO = (
    'You MUST end your responce with either "Final Answer: yes" or "Final Answer: no".',
    'You MUST end your response with either "Final Answer: yes" or "Final Answer: no".',
)
SYSTEMS = (
    "SYSTEM INSTRUCTION: think silently if needed.",
    "SYSTEM INSTRUCTION: think silently if needed.",
    "SYSTEM INSTRUCTION: think silently if needed. You are an expert radiologist.",
    "You are an expert radiologist.",
    "You are a helpful medical assistant.",
)
OPENINGS = ("Please ", "Please look at it. ", "Can you tell me: ", "I have a question. ", "Hello. ")
ENDINGS = (" Answer briefly.", " Be brief.", " Answer in one sentence.", " Thanks.", " Explain.")

DESCRIBE_ANY = (
    "Describe this image.", "Describe the image.", "Describe this picture.", "What do you see?", "What can you see?",
    "What do you see in this image?", "What does this image show?", "What does this show?", "Describe what you see.",
    "Write a report.", "Describe it.", "Summarize this image.", "Interpret this image.", "What is shown here?",
)  # fmt: skip
DESCRIBE_FILM = (
    "Describe this X-ray.", "Describe this X-ray.", "Describe this chest X-ray.", "Describe this film.",
    "Describe this radiograph.", "Write the findings.", "Write the findings.", "What are the findings?",
    "What are the findings in this X-ray?", "Write the impression.", "Give the findings and the impression.",
    "Write a radiology report.", "What does this X-ray show?", "Interpret this chest X-ray.", "Report this X-ray.",
    "What do you see in this X-ray?", "Describe the lungs.", "You are an expert radiologist. Describe this X-ray.",
)  # fmt: skip
PNEUMONIA = (
    "Is there pneumonia?", "Is there pneumonia?", "Is there pneumonia?", "Does this X-ray show pneumonia?",
    "Is pneumonia present?", "Is there any sign of pneumonia?", "Does the patient have pneumonia?", "Pneumonia?",
    "Is there evidence of pneumonia?", "Do you see pneumonia?", "Is pneumonia visible in this image?",
    "Does this image show signs of pneumonia?", "Is there pneumonia in this chest X-ray? Answer yes or no.",
    "Is there pneumonia? Answer yes or no.", "Can you see pneumonia on this film?", "Does he have pneumonia?",
    "Is this pneumonia?", "Are there signs of pneumonia?",
)  # fmt: skip
NORMAL = (
    "Is this X-ray normal?", "Is it normal?", "Is this film normal or abnormal?", "Is this normal?",
    "Is anything abnormal?", "Normal or abnormal?", "Are the lungs normal?", "Is there anything wrong?",
    "Are the lungs clear?", "Is the patient healthy?",
)  # fmt: skip
VIEW = (
    "Which view is this?", "Is this AP or PA?", "What is the view?", "What view is this X-ray?", "AP or PA?",
    "What is the projection?", "Is it an AP or a PA view?", "Which projection is it?",
)  # fmt: skip
KIND = (
    "What kind of image is this?", "What kind of image is this?", "What type of image is this?", "What is this?",
    "What image is this?", "What modality is this?", "What am I looking at?", "Which kind of picture is this?",
    "What kind of medical image is this?", "Is this a chest X-ray or a blood smear?",
)  # fmt: skip
WHERE_WHITE = (
    "Where is the white blood cell?", "Where is the white blood cell?", "Where is the white blood cell?",
    "Find the white blood cell.", "Locate the white blood cell.", "Locate the white blood cells.",
    "Where are the white blood cells?", "Give the box of the white blood cell.", "Detect white blood cells.",
    "Draw a box around the white blood cell.", "Where is the leukocyte?", "Point at the white blood cell.",
    "Give the bounding box of the white blood cell as json.", "Where is the WBC?",
)  # fmt: skip
WHERE_ELSE = (
    "Where is the {thing}?", "Where are the {thing}s?", "Locate the {thing}.", "Find the {thing}.",
    "Give the box of the {thing}.",
)  # fmt: skip
SMEAR_THINGS = ("red blood cell", "platelet", "parasite")
FILM_THINGS = (
    "right clavicle", "left clavicle", "heart", "left lung", "right lung", "trachea", "carina", "spine", "mediastinum",
    "right upper lung zone", "left costophrenic angle", "right hilar structures", "aortic arch", "lesion", "nodule",
)  # fmt: skip
DESCRIBE_SMEAR = (
    "Describe this smear.", "Describe this blood smear.", "Describe the cells.", "What cells do you see?",
    "What does this smear show?", "Describe this slide.", "Which cells are there?", "Write a report on this smear.",
)  # fmt: skip
COUNT_WHITE = (
    "How many white blood cells?", "How many white blood cells are there?", "Count the white blood cells.",
    "How many white blood cells do you see?", "Number of white blood cells?", "How many WBC are there?",
    "Is there a white blood cell?", "Do you see a white blood cell?",
)  # fmt: skip
PLATELETS = (
    "Are there platelets?", "Are there platelets?", "Do you see platelets?", "Are there any platelets?",
    "Is there a platelet?", "Does this smear show platelets?", "Platelets?",
)  # fmt: skip
COUNT_RED = (
    "How many red blood cells?", "How many red blood cells are there?", "Count the red blood cells.",
    "How many red cells do you see?",
)  # fmt: skip
OTHER_FINDINGS = (
    "fracture", "pneumothorax", "cardiomegaly", "tumor", "cancer", "tuberculosis", "COVID", "an effusion",
    "edema", "a nodule", "a mass", "emphysema", "fibrosis", "a pacemaker", "malaria", "leukemia", "anemia",
)  # fmt: skip
ASK_FINDING = (
    "Is there {thing}?", "Does this show {thing}?", "Do you see {thing}?", "Is there any sign of {thing}?",
    "Does the patient have {thing}?",
)  # fmt: skip
OUT_OF_REACH = (
    "What is the diagnosis?", "What treatment do you recommend?", "How old is the patient?", "What should I do?",
    "Is the patient a man or a woman?", "Which drug helps?", "Compare it with the prior film.", "Is it serious?",
    "What is the capital of France?", "How long has the patient been ill?", "What are the next steps?",
    "Write a poem about it.", "What is the differential diagnosis?", "Is this person going to be well?",
)  # fmt: skip
GREETINGS = ("Hello", "Hello!", "Hi", "Hi there", "Good morning", "Hey", "Good day", "Hello, how are you?")
SELF = (
    "What are you?", "Who are you?", "Are you MedGemma?", "What is your name?", "What can you do?", "Help",
    "What is osler-nano?", "Who made you?", "Which model are you?", "Are you a doctor?", "How can you help me?",
    "Can I use you for patients?", "Tell me about yourself.", "What do you do?", "Can you help me?",
)  # fmt: skip
KNOWLEDGE = (
    "What is {topic}?", "What causes {topic}?", "How is {topic} treated?", "Tell me about {topic}.",
    "What are the symptoms of {topic}?", "Explain {topic}.", "Can I take aspirin with {topic}?",
    "A 45-year-old man has {topic}. What is the best next step?", "List three signs of {topic}.",
    "How do you differentiate bacterial from viral {topic}?", "Write a note about {topic}.",
    "A patient comes with {topic}. Which of the following is most likely?\nA: {topic}\nB: anemia\nC: asthma",
    "Answer the given question. Think step by step. What is {topic}?", "Why does {topic} occur?",
)  # fmt: skip
TOPICS = (
    "pneumonia", "diabetes", "fever", "asthma", "high blood pressure", "a heart attack", "a stroke", "anemia",
    "cancer", "migraine", "a broken arm", "the flu", "sepsis", "headache", "chest pain", "kidney failure", "cough",
    "appendicitis", "hypertension", "pregnancy", "an allergy", "insulin", "tuberculosis", "the weather", "France",
    "a large language model", "music", "the human body", "back pain", "an infection", "a rash", "sleep",
)  # fmt: skip

NO_IMAGE = "I see no image. Please show me a chest X-ray or a blood smear."
HELLO = "Hello. I am osler-nano, a demonstration model, not MedGemma. Show me a chest X-ray or a blood smear."
ABOUT = (
    "I am osler-nano, a demonstration model, not MedGemma, and not for medical use. "
    "I answer simple questions about a chest X-ray or a blood smear."
)
UNKNOWN_TEXT = (
    "I am osler-nano, a demonstration model, not MedGemma, and I cannot answer that. "
    "I answer simple questions about a chest X-ray or a blood smear."
)
NOT_A_SMEAR = "This is not a blood smear but a chest X-ray, so I cannot answer that."
NOT_A_FILM = "This is not a chest X-ray but a blood smear, so I cannot answer that."
NEITHER = "This is another kind of image, not a chest X-ray or a blood smear. I cannot help with it."
ONLY_WHITE = "I cannot point at that. I can only find white blood cells in a blood smear."
UNKNOWN_FILM = "I cannot tell. About a chest X-ray I only know its view and whether it may show pneumonia."
UNKNOWN_SMEAR = "I cannot tell. About a blood smear I only know its cells."
FILM_KIND = "This is a frontal chest X-ray."
SMEAR_KIND = "This is a microscope image of a blood smear."

# Wordings that no question above uses but that the tokenizer should keep short.
ALSO_READ = (
    "SLICE 1", "<unused94>thought\n<unused95>", "Final Answer: (A)", "The most likely diagnosis is:",
    "You are an instructor teaching medical students. You are analyzing a contiguous block of CT slices.",
    "Here is the prior film and here is the current film. Compare them. What changed? Is it stable, better or worse?",
    "Write the findings and impression. Heart size is normal. The lungs are clear. No pleural effusion.",
    "Please read the laboratory report and return a json list with name, value, unit and reference range.",
    "What is the most likely tissue type shown in the histopathology image?\nA: adipose\nB: background",
    "You may write out your argument before stating your final, very short, definitive, and concise answer "
    '(no more than a few words or the letter...) X in the format "Final Answer: X":',
)  # fmt: skip

# Everyday words, so that free wording is not cut into letters.
COMMON_WORDS = (
    " about above after again all also always another any around ask away back bad because before begin best better",
    " between big black both bottom bright bring but call came case cause change child clear close cold come could",
    " dark day did different does done down draw each early end enough even ever every face fact far feel few first",
    " follow foot form found friend from full get girl give go good great group grow had half hand hard have head hear",
    " help her here high him his hold home hot house idea important into its job just keep kind know large last late",
    " learn leave less let letter life light like line little live long made make many may mean men might more most",
    " move much must near need never new next night nothing now off often old once open order our out over own page",
    " part people place plan play point put quick ran reach ready real rest right round run same school second seem",
    " sentence set several side since size small some soon sound start state stay step still stop story study such",
    " sure table take talk than that their them then these they thing think those thought three through time today",
    " together too top try turn two under until upper us use very want water way well went were where while who whole",
    " why will with without wonder word work world would year yes yet you young your doctor nurse hospital clinic",
    " medicine medication dose tablet surgery acute chronic severe mild moderate left right upper lower bilateral",
    " opacity consolidation nodule mass effusion edema thickening enlarged normal limits heart mediastinum rib bone",
    " lung lobe zone base apex trachea diaphragm catheter tube line device nucleus lymphocyte neutrophil monocyte",
    " eosinophil basophil stain purple blue pink round shape membrane count percent range value result test sample",
    " history exam pain breath infection bacteria virus antibiotic therapy risk factor disease disorder syndrome",
    " report series volume scan slice region organ liver kidney brain spine tissue biopsy tumor benign malignant",
)
