### The yearly notice of days off: loading, preview, counting again.

## The page
calendar-page = Days off
calendar-intro = Limits are counted in working days. When the State Council's notice for a year is out it is loaded here; until then the limits that reach into that year are provisional. Afterwards the open limits are counted again one by one; those that move are journaled, and the handler and the applicant are told.
calendar-years = Days off by year
calendar-owner = The days are the same for the whole province: the system administrator of { $organisation } loads them.
calendar-load = Load a notice
calendar-preview = Preview
calendar-year = Year
calendar-title = Title of the notice
calendar-title-hint = For example: Notice on the Arrangement of Some Holidays in 2027
calendar-number = Document number
calendar-number-hint = As it stands on the notice
calendar-issued = Date of the notice
calendar-source = Source
calendar-source-hint = Address of the notice, or the gazette that printed it
calendar-file = File of days
calendar-file-hint = CSV, at most 4 KB. First line date,kind,name; then one day a line, in order
calendar-text = Or paste the days
calendar-text-hint = For example: 2027-01-01,holiday,New Year. A day off is holiday, a weekend day that is worked is workday; other days are left out
calendar-reason = Reason for the correction
calendar-reason-hint = When the year has its notice and the days are put right. People are told it; no personal data
year-state = State
year-arranged = Arranged
year-official = Official
year-provisional = Not out: provisional
year-days = { $off } days off, { $worked } weekend days worked
year-notice = { $number }, { $issued }; source: { $source }; loaded { $loaded }
year-reason = Reason for the correction: { $reason }
year-catalog = Came with the catalog

## Counting again
recount-runs = Open limits are being counted again: { $looked } looked at, { $open } open, { $moved } moved. Reload the page to see how far
recount-done = Open limits were counted again: { $looked } looked at, { $moved } moved
recount-failed = { $count } could not be counted; the log says why

## Preview
preview-title = Days off in { $year }: preview
preview-intro = Of { $looked } open cases the limits of { $moving } would move. Nothing is written yet.
preview-correction = The year has its notice already: this one puts it right
preview-changes = Days that differ from the calendar in force: { $count }
preview-days = Days that the notice names: { $count }
preview-moves = Limits that move, { $count } shown
preview-was = Was
preview-is = Becomes
preview-festival = Festival
preview-case = Case number
preview-organisation = Handled by
preview-clock = Limit
preview-button = Load the days off in { $year }
preview-back = Back to the form
day-kind-working = Working day
day-kind-adjusted_working = Weekend day worked
day-kind-weekend = Weekend
day-kind-holiday = Day off
done-calendar-loaded = The notice is loaded, and open limits are being counted again

## Provisional and moved
date-provisional = { $date } (provisional)
left-provisional = { $text } (provisional)
moved-title = The year's days off are out: limits counted again on { $at }
moved-line = { $clock }: { $was } becomes { $is }
moved-lights = The last day stays; the days of reminders move
moved-why = Because of: { $title } ({ $number })

## A notice that cannot be read
calendar-wrong-too-large = The file is larger than { $max } bytes: leave only one year's days
calendar-wrong-year = There is no calendar for { $year }: check the year
calendar-wrong-column = The first line lacks the column “{ $column }”: write date,kind,name
calendar-wrong-empty = No day is named
calendar-wrong-too-many = More than { $max } days are named: check whether another year is among them
calendar-wrong-cells = Line { $line } does not have the columns of the first line
calendar-wrong-date = Line { $line }: “{ $text }” is no date; write 2027-01-01
calendar-wrong-kind = Line { $line }: “{ $text }” must be holiday or workday
calendar-wrong-notice = Line { $line } belongs to the notice of “{ $text }”: load only the chosen year
calendar-wrong-other-year = Line { $line }: { $text } lies outside the chosen year
calendar-wrong-twice = Line { $line }: { $text } stands there already
calendar-wrong-order = Line { $line }: { $text } is earlier than the line before; order the days
calendar-wrong-weekday = Line { $line }: { $text } is a weekday and worked anyway; workday is for weekends
calendar-wrong-name = Line { $line }: the festival's name is missing, or longer than 50 characters
