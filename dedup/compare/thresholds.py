"""Every threshold of the comparison: its unit in its name, and the measurement that set it."""

# phash: how far a DCT coefficient (of 64 x 64 grey levels) must lie from the median to count as a sure bit.
# JPEG noise of a flat or smooth picture stays below; of 357 photos and their variants the dullest had 87 %
# above.
HASH_NOISE_COSINE = 300.0
# Sure bits that make a hash worth looking up: drawn gradients have at most 6 %, photos at least 87 %.
HASH_QUALITY_MIN_PERCENT = 50

# align: two codes (128 bits) of the same point. Of 64,000 true pairs 98 % lie within, of random pairs 1.3 in
# 10,000.
MATCH_CODE_BITS = 33
# align: a match that is not mutual must be this much nearer than the second best (bits / bits).
MATCH_RATIO = 0.85
# align: how far (px of the 288 px frame) a matched point may lie from where the alignment puts it.
ALIGN_TOLERANCE_PX = 4.0
# align: spread of direction (radians) and of size (natural logarithm) among the points that agree.
ALIGN_ANGLE_RADIANS = 0.45
ALIGN_LOG_SIZE = 0.7
# align: plausible alignments. A crop of 90 % in a photo is 3.2 times smaller; a picture in a collage 2 to 4
# times.
ALIGN_SCALE_MIN = 0.08
ALIGN_SCALE_MAX = 12.0
ALIGN_STRETCH_MAX = 1.35
# align: distinct agreeing points below which an alignment is chance.
ALIGN_POINTS_MIN = 5

# align: how far (px of the 288 px frame) points of a picture seen at an angle may lie from the affine alignment, and
# how many must agree with a perspective.
BEND_TOLERANCE_PX = 18.0
BEND_POINTS_MIN = 12

# overlap: a block (8 px) of the canvas has texture when its grey levels deviate at least this much (0..255).
BLOCK_TEXTURE_GREY = 4.0
# overlap: long side of the canvas on which copies are told from other pictures, and of the one for changed
# areas.
COARSE_SIDE_PX = 128
FINE_SIDE_PX = 320
PAGE_SIDE_PX = 640
CLOSE_SIDE_PX = 720
# verdict: textured blocks below which a pair is dull and must agree strictly.
TEXTURED_BLOCKS_MIN = 12
# verdict: median block ZNCC of a copy. Of 2,500 true pairs (18 kinds of change) 99.8 % have 0.95 or more, brighter
# copies that are clipped nearly everywhere 0.944; unrelated pairs and drawn text pages at most 0.87; bursts 0.93.
COPY_ZNCC = 0.94
# confidence: logistic model of the logarithms of the fine agreement, of its lowest fifth, and of what the best change
# of colours leaves; and from where on two pictures that agree are said to be one.
COPY_LOGIT_WEIGHTS = (3.504, 2.984, -0.7)
COPY_LOGIT_BIAS = -10.962
COPY_PROBABILITY = 0.5
# finding: a plane is seen at an angle from that skew (degrees) or change of scale across it (share) on. Refined
# alignments of copies have at most 0.5 degrees; two shots of one flat thing by hand have 0.5 to 5 and 0.06 to 0.2.
ANGLE_SKEW_DEGREES = 1.5
ANGLE_PERSPECTIVE_SHARE = 0.04
# finding: share of the inner picture that a photo of a print shows at least, and of the photo that the print fills at
# most.
ENCLOSED_SHARE = 0.95
ENCLOSING_SHARE = 0.75
# overlap: share of px of a block at the end of a channel from which its colours say nothing about the change of
# colours: a brighter copy has lost them.
CLIPPED_SHARE = 0.1
# overlap: share of the textured blocks that must not be clipped for them to speak for all.
KNOWN_SHARE = 0.3
# verdict: below this probability a pair that agrees is aligned once more and looked at again.
SURE_PROBABILITY = 0.9
# sharpness: a picture is the sharper one when it has that many times the other's share of fine detail.
SHARPER = 1.1
# proposals: below this a perspective is tried.
BEND_ZNCC = 0.99
# ... or from this skew on (degrees) where the first look left doubt.
BEND_SKEW_DEGREES = 0.8
# verdict: below this a refined alignment is tried.
REFINE_ZNCC = 0.98
# proposals: below this no refinement makes a copy of it.
MOVABLE_ZNCC = 0.3
# verdict: median block ZNCC of another shot of the same scene, and what else it needs: agreeing points,
# their share of the matches, the share of the overlap they span, and the share of each picture that the
# other shows.
NEAR_SHOT_ZNCC = 0.6
NEAR_SHOT_POINTS = 15
NEAR_SHOT_POINT_SHARE = 0.3
NEAR_SHOT_SPREAD = 0.15
NEAR_SHOT_OVERLAP_SHARE = 0.3
# verdict: share of the matches that must agree with the alignment of a copy (text pages: 5 to 8 of 80).
COPY_POINT_SHARE = 0.1
# verdict: hash distance (of 256 bits) up to which the nearest turn is tried as alignment.
HASH_ALIGN_BITS = 60
# changes: a block differs when after the best colour change this much is left (root mean square, 0..255) ...
CHANGED_RESIDUE = 14.0
# changes: ... and its structure does not agree.
CHANGED_ZNCC = 0.5
# changes: share of the overlap from which other content shows another moment. Of 707 copies 6 have any. Where one
# is a photo of the other or was recoloured, more is left at edges. Px below which an area is noise.
CHANGED_SHARE_MIN = 0.0008
REMADE_CONTENT_SHARE = 0.02
# changes: from that share of px which compression emptied in one picture on (JPEG quality 10 empties 5 to 70 %, 40 up
# to 30 %), so little content may be its marks, and the grain says nothing.
FLATTENED_SHARE = 0.12
FLATTENED_CONTENT_SHARE = 0.003
CHANGED_PIXELS_MIN = 12
# changes: how much more (share of px) an area must differ from its surroundings in one picture than in the
# other.
OWNER_DIFFERENCE = 0.15
# graphics: two logistic models of whether a changed area was laid over, fitted on 1,250 pairs of photos and of drawn
# scenes (other moments of bench.near_pairs; captions, watermarks, stickers, stamps, bars, logos). Of what is solid: its
# reach across, its hardest edges, how strange its colours are to its surroundings, whether the rest is of one exposure,
# how even the evener and the less even picture are, its smoothness beside theirs, its px without any and with little
# detail, the share of few strange colours, whether it touches the border, and its hard edges.
SOLID_LOGIT_WEIGHTS = (8.27, 0.98, 5.86, 0.4, 1.63, -3.46, -0.41, 3.45, 5.0, 2.44, 0.78, 0.95)
SOLID_LOGIT_BIAS = -20.45
# ... Of what is thin: hard edges, the exposure, its reach, its px without detail, how much it differs, the share of few
# colours, the border, and its hardest edges.
THIN_LOGIT_WEIGHTS = (2.28, 0.35, 15.87, 2.55, -1.54, -1.55, 0.48, -1.11)
THIN_LOGIT_BIAS = 1.56
# changes: what all changed areas together (each counted by its size) must reach to have been laid over. Of the pairs
# above 11 % of other moments pass, of others of the same make 12 %; 6 and 7 % of overlays fail, most of them shaded.
OVERLAY_LOGIT = -0.5
# exposure: logistic model of how grain goes together (Fisher's transformation of the correlation of the middle band, of
# all px and of the median block; the correlation of the finest), its level (logarithm), what structure flat blocks have
# left, their products with the first, and the share of px without detail. Largest size of what it says.
EXPOSURE_LOGIT_WEIGHTS = (5.663, 5.803, -10.239, -1.048, -0.048, 0.215, -1.33, 13.43)
EXPOSURE_LOGIT_BIAS = -5.171
EXPOSURE_LOGIT_MAX = 6.0
# exposure: below this the pictures are two exposures, unless the grain of the median block goes together this well, as
# it does in copies that another codec smoothed. Of 188 changed copies that it was not fitted on none are said to be
# others, of 299 second shots 45 %.
OTHER_EXPOSURE_LOGIT = -3.0
EXPOSURE_TOGETHER = 0.6
# exposure: blocks (8 px of the 720 px canvas) below which grain says nothing, and up to how many grey levels (0..255)
# their structure may deviate.
EXPOSURE_BLOCKS_MIN = 30
EXPOSURE_FLAT_GREY = 3.0
# exposure: correlation of colours (without their lightness) below which they were turned (by 20 degrees: 0.94) or taken
# away, and the strength (0..255) below which there are none.
EXPOSURE_COLOUR_CORRELATION = 0.96
EXPOSURE_COLOUR_GREY = 4.0
# changes: a veil (watermark) mixes white or black evenly into the picture: share of px that do, how far off
# the others may be (0..255), and how much the strongest tenth may be above the median.
VEIL_SHARE = 0.85
VEIL_OFF_GREY = 14.0
VEIL_UNEVENNESS = 0.4
# changes: ... and how much of the structure below must be left (correlation).
VEIL_CORRELATION = 0.75
# changes: letters are thin (share of px left after taking 3 px off every edge) and one-sided (share of px
# that all became brighter, or all darker).
STROKE_CORE_SHARE = 0.12
STROKE_ONE_SIDED_SHARE = 0.97
# changes: share of colours and of shape that one thing keeps at another place.
MOVED_COLOURS_SHARE = 0.6
MOVED_SHAPE_SHARE = 0.6
# changes: correlation of what one picture shows here with what the other shows there, and blocks below which that says
# nothing (a letter is like a letter).
MOVED_ZNCC = 0.85
MOVED_BLOCKS_MIN = 4
# pages: what makes a picture a page or screen, on a 640 px canvas: share of px of its four commonest colours
# (4 bits a channel), of flat px (levels within 3 x 3 px differ by at most 8), and of strokes (by 60 or more)
# among the rest. All of 59 screens and 20 drawn pages pass, 42 of the screens after halving and JPEG quality
# 50; 5 of 500 photos do.
PAGE_COLOURS_SHARE = 0.65
PAGE_FLAT_GREY = 8
PAGE_FLAT_SHARE = 0.5
PAGE_STROKE_GREY = 60
PAGE_STROKE_SHARE = 0.2
# pages: ... or share of flat px and of strokes among the rest of what was drawn in many colours. All of 16 drawn charts
# and tables pass, half of them as shots by hand; none of 267 photos has 0.8 with more than 0.13.
DRAWN_FLAT_SHARE = 0.8
DRAWN_STROKE_SHARE = 0.25
# pages: share of strokes among what is not flat from which a page is mostly text (drawn pages 0.9, screens
# to 0.64).
PAGE_TEXT_SHARE = 0.66
# pages: share of the four commonest colours on the coarse canvas below which nothing can be a page.
PAGE_POSSIBLE_SHARE = 0.4
# pages: ... unless so much of it is flat.
PAGE_POSSIBLE_FLAT_SHARE = 0.45
# pages: ZNCC below which a block (16 px of a 640 px canvas) shows other text.
PAGE_BLOCK_ZNCC = 0.7
# pages: ... when after the best colour change this much is left (root mean square, 0..255): not so where a
# brighter copy is clipped to white.
PAGE_RESIDUE = 6.0
# pages: a block that agrees better shows other text as well when more is left: one other digit. Of 210 true pairs of
# screens, charts and tables without a caption two have such a block, of 8 pairs that differ in one value all have two.
PAGE_STRONG_ZNCC = 0.85
PAGE_STRONG_RESIDUE = 15.0
# pages: how much the colour of an even block must differ (0..255), and in grey, to be another one: the best change of
# colours is off by 30 and more where a page has too few colours to tell it.
PAGE_OTHER_COLOUR = 14.0
PAGE_OTHER_GREY = 10.0
# pages: skew (degrees) and change of scale across a page (share) from which it was photographed. Copies of screens and
# charts have up to 0.24 and 0.003, shots by hand that had passed 0.79 and 0.016 or more.
PAGE_SKEW_DEGREES = 0.72
PAGE_PERSPECTIVE_SHARE = 0.015
# pages: share of the height at the top and at the bottom within which a clock stands.
PAGE_CLOCK_EDGE_SHARE = 0.06
# pages: height of letters that were laid over (share of the picture): those of memes have 0.025 to 0.1, and of what
# differs they cover 0.74 to 1 (share of px), of other values in tables, forms and charts 0 to 0.6.
LETTERING_HEIGHT_SHARE = 0.02
LETTERING_SHARE = 0.7
# pages: share of the box of a row of letters that must differ for the row to be one of those.
LETTERING_CHANGED_SHARE = 0.3
# pages: what makes a drawing of what both show: share of blocks whose lines slant (gradient across by down) and in
# which a level line meets fewer edges than in text, of the blocks that both show and of all textured ones. Nine drawn
# templates have 0.40 to 0.88 of all their blocks, screens, tables and slides 0.01 to 0.35 (line and pie charts 0.55).
SLANTED_SHARE = 0.2
TEXT_CROSSINGS = 3.0
DRAWING_COMMON_SHARE = 0.4
DRAWING_SHARE = 0.2
# pages: share of the height at the top or bottom that a caption may take, share of what differs that its letters and
# their bar must cover, and how alike the heights of letters are that take turns in one place.
CAPTION_EDGE_SHARE = 0.25
CAPTION_SHARE = 0.8
SLOT_HEIGHT = 1.2
# pages: what differs by so much (0..255) may be a watermark, if no more than so much of it is mixed in (share): one on
# a photo of things on white mixes 0.5, letters that are gone are all white.
PAGE_VEILED_GREY = 20.0
PAGE_VEIL_MAX = 0.7
# pages: share of textured blocks up to which what differs may be an overlay, so that the rest tells what it is.
PAGE_OVERLAY_SHARE = 0.5
# pages: share of textured blocks that may differ by compression alone, in one place as a clock does, and in
# a screen with a new window.
PAGE_NOISE_SHARE = 0.002
PAGE_CLOCK_SHARE = 0.01
PAGE_NEAR_SHOT_SHARE = 0.3
# dull pictures: mean channel difference (0..255) that no block may exceed.
DULL_COLOUR = 3.0
# kinds: share of a picture that counts as all of it (crops of 2 % and rounding stay unnoticed).
WHOLE_SHARE = 0.97
# kinds: median channel difference (0..255) from which a copy counts as edited in colour.
EDITED_COLOUR = 7.0
# kinds: median difference of the largest and smallest channel (0..255) below which a picture is grey.
GREY_COLOURFULNESS = 3.0
# kinds: degrees of tilt from which a picture counts as turned a little.
TILT_DEGREES = 1.0
# kinds: deviation of grey levels (0..255) up to which what surrounds a picture is a plain border.
BORDER_DEVIATION_GREY = 12.0
# keeper: steps (share of the best) by which detail and the shown part must differ to count, and steps of
# JPEG quality.
KEEPER_DETAIL_STEP = 0.2
KEEPER_SHARE_STEP = 0.04
KEEPER_QUALITY_STEP = 8
# keeper: what an alignment may be off (share of a side) for two pictures to be laid over each other as they are.
KEEPER_ALIGNED_SHARE = 0.02
# keeper: how well a larger picture has to agree with the enlarged smaller one to count as only enlarged, by how many
# times larger it is. Of 77 photos and smaller copies of them 95 % stay below, enlarged ones at quality 80 lie above.
KEEPER_ENLARGED_AGREEMENT = ((1.15, 1.3, 1.5, 2.0), (0.74, 0.66, 0.57, 0.45))
# keeper: how steep edges are, beside those of a copy, in a picture that was blurred (share). Quality 30 leaves 0.75 and
# more, halving and enlarging again 0.5, a blur of 1 px 0.3.
KEEPER_BLURRED_SHARE = 0.6
