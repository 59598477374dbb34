# A row for each server: from the median wait to that of one message in 1,000.
name = "punctuality"; width = 500; height = 110 + 34 * rows
load plots."/style.gp"
set lmargin at screen 0.37 # a name
data = folder."/punctuality.dat"
set logscale x
set yrange [rows - 0.4 : -0.6]
set border 1
set grid noytics
set ytics scale 0
set xtics ("10 us" 10, "0.1 ms" 100, "1 ms" 1e3, "10 ms" 1e4, "0.1 s" 1e5, "1 s" 1e6, "10 s" 1e7)
set xlabel "wait, from when a message was due"
set key above vertical maxrows 3 left Left reverse samplen 1
plot data using 3:0:(column(5) - column(3)):(0):ytic(2) with vectors nohead linewidth 3 linecolor rgb kernel notitle, \
     data using 3:0 with points pointtype 7 pointsize 0.9 linecolor rgb hue(0) title "median", \
     data using 4:0 with points pointtype 13 pointsize 1.1 linecolor rgb hue(4) title "1 in 100", \
     data using 5:0 with points pointtype 9 pointsize 1 linecolor rgb hue(1) title "1 in 1,000"
