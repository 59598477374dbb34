# style.gp - what all plots have in common. `folder` has the data and gets the plots.
#
# The greys stand for what plot.css makes of them, on light and on dark paper: 100 text, 120 what the kernel takes, 150 axes, 200 grid.
# The colours are those of Okabe and Ito, which colour-blind readers tell apart; nothing depends on them alone.

array hues[6] = [0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9]
hue(i) = hues[int(i) % 6 + 1]
line_colour(i) = i < grey ? 0x969696 : hue(i - grey)
name_colour(i) = i < grey ? 0x646464 : hue(i - grey)
kernel = "#787878"

set terminal svg size width,height dynamic noenhanced font "system-ui,sans-serif,15" name name
set output folder."/".name.".svg"
set border 3 linecolor "#969696"
set tics nomirror out scale 0.6 textcolor "#646464"
set xlabel textcolor "#646464"
set ylabel textcolor "#646464"
set key textcolor "#646464"
set grid linecolor "#c8c8c8" linetype 1 linewidth 1
set errorbars 0
